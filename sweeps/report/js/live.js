// A served page asks for itself again and takes over what has changed, in its place.
async function refresh(seconds) {
  try {
    const answer = await fetch(location.pathname, { cache: "no-store" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of fresh.querySelectorAll("[data-live]")) {
      const old = byId(part.id);
      if (old.innerHTML !== part.innerHTML) old.innerHTML = part.innerHTML;
      old.hidden = part.hidden;
    }
    const text = fresh.getElementById("data").textContent;
    if (text !== byId("data").textContent) {
      byId("data").textContent = text;
      take(text);
      redraw();
    }
  } catch { /* the server is gone: keep what is here */ } finally {
    setTimeout(refresh, 1000 * seconds, seconds);
  }
}
