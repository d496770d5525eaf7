#!/bin/sh
# Checks this package with coreutils, ssh-keygen and openssl. Every check has to hold; what does not is named.
# Usage: sh verify.sh [KEY-FINGERPRINT]    a fingerprint (SHA256:...) that was published elsewhere
set -u
cd "$(dirname "$0")" || exit 2
bad=0
no() { echo "NOT OK: $1"; bad=1; }
ok() { echo "ok: $1"; }

for need in bagit.txt bag-info.txt manifest-sha256.txt tagmanifest-sha256.txt tagmanifest-sha256.txt.sig allowed_signers; do
    [ -f "$need" ] || no "$need is missing"
done

if sha256sum --quiet --strict -c tagmanifest-sha256.txt; then ok "tag files are what was listed"; else no "a tag file was changed or removed"; fi
if sha256sum --quiet --strict -c manifest-sha256.txt; then ok "all files are what was listed"; else no "a file was changed or removed"; fi

# What is there and not listed was added.
listed=$(cut -c67- manifest-sha256.txt tagmanifest-sha256.txt | sort)
walk() {
    for entry in "$1"/* "$1"/.[!.]*; do
        [ -e "$entry" ] || [ -L "$entry" ] || continue
        if [ -d "$entry" ] && [ ! -L "$entry" ]; then walk "$entry"; else echo "${entry#./}"; fi
    done
}
found=$(walk . | sort)
set -f
for name in $found; do
    case "$name" in tagmanifest-sha256.txt | tagmanifest-sha256.txt.sig | tagmanifest-sha256.txt.sig.ts[qr]) continue ;; esac
    case "
$listed
" in *"
$name
"*) ;; *) no "$name is not listed: it was added" ;; esac
done
[ "$bad" = 0 ] && ok "nothing was added"

if ssh-keygen -Y verify -f allowed_signers -I presscanary -n evidence@presscanary -s tagmanifest-sha256.txt.sig <tagmanifest-sha256.txt >/dev/null; then
    ok "signed with the key in allowed_signers"
else
    no "the signature does not hold"
fi
print=$(cut -d' ' -f2- allowed_signers | ssh-keygen -l -f - | cut -d' ' -f2)
if [ $# -ge 1 ]; then
    if [ "$print" = "$1" ]; then ok "the key is the one that you named"; else no "the key is $print, not $1"; fi
else
    echo "the key is $print: compare it with a fingerprint that was published elsewhere, or name that to this script"
fi

if [ -f tagmanifest-sha256.txt.sig.tsr ]; then
    if [ -f tsa-chain.pem ] && openssl ts -verify -data tagmanifest-sha256.txt.sig -in tagmanifest-sha256.txt.sig.tsr -CAfile tsa-chain.pem >/dev/null 2>&1; then
        ok "the time stamp holds"
    else
        no "the time stamp does not hold"
    fi
else
    echo "no trusted time: nobody has stamped this package (tagmanifest-sha256.txt.sig.tsq asks for it)"
fi

[ "$bad" = 0 ] && echo "This package is what was signed." || echo "This package is NOT what was signed."
exit "$bad"
