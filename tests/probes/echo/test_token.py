"""Where the token comes from."""

from __future__ import annotations

import pytest

from probes.echo import TokenError, read_token


def test_a_file_goes_before_the_environment(tmp_path) -> None:
    """The first line of the file is the token, without the line's end."""
    file = tmp_path / "token"
    file.write_text("from-the-file-123456\nsecond line\n")
    assert read_token(file, {"PRESSCANARY_ECHO_TOKEN": "from-the-environment"}) == "from-the-file-123456"


@pytest.mark.parametrize(
    "text", ["", "short", "with a space in the midst", "x" * 129, "päßword-päßword-päßword", "a/b" * 8]
)
def test_a_token_that_is_none(tmp_path, text) -> None:
    """Empty, guessable and unusable tokens are refused, and what was found is not repeated."""
    file = tmp_path / "token"
    file.write_text(text, encoding="utf-8")
    for source, environment in ((file, {}), (None, {"PRESSCANARY_ECHO_TOKEN": text})):
        with pytest.raises(TokenError) as refused:
            read_token(source, environment)
        assert not text or text not in str(refused.value)


def test_no_token_at_all(tmp_path) -> None:
    """A missing file and a missing variable are named."""
    with pytest.raises(TokenError, match="PRESSCANARY_ECHO_TOKEN"):
        read_token(None, {})
    with pytest.raises(TokenError, match="No such file"):
        read_token(tmp_path / "absent", {})
