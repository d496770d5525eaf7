// Keeps the front page as new as the store. Nothing depends on it: without it the page loads itself anew.
"use strict";

(() => {
  const main = document.querySelector("main[data-live]");
  if (!main || !window.EventSource) return;

  const news = document.createElement("p");
  news.className = "unseen";
  news.setAttribute("role", "status");
  main.after(news);
  let busy = false;

  // What the reader opened and where the keyboard stands stay as they are.
  function put(fresh) {
    const open = [...main.querySelectorAll("details")].map((each) => each.open);
    const place = main.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    main.replaceChildren(...fresh.childNodes);
    main.querySelectorAll("details").forEach((each, index) => { if (index in open) each.open = open[index]; });
    if (place) [...main.querySelectorAll("a")].find((each) => each.getAttribute("href") === place)?.focus({ preventScroll: true });
  }

  async function renew(words) {
    if (busy) return;
    busy = true;
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("main");
      if (!fresh) return;
      put(fresh);
      document.title = page.title;
      if (words) news.textContent = words;
    } catch {
      // offline, or the program was stopped: the next turn tries again
    } finally {
      busy = false;
    }
  }

  const source = new EventSource("/live");
  source.addEventListener("events", () => renew(main.dataset.news));
  setInterval(() => { if (!document.hidden) renew(""); }, Number(main.dataset.live) * 1000);
  addEventListener("pagehide", () => source.close());
})();
