// What a reader has chosen, kept by this tab over a reload.
const KEPT = `bsvae ${location.pathname}`;

const state = { sort: "", down: false, query: "", all: false, brushes: {}, shown: 100 };

function remember() {
  const { shown, ...kept } = state;
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  } catch { /* a browser that keeps nothing */ }
}

function recall() {
  try {
    Object.assign(state, JSON.parse(sessionStorage.getItem(KEPT) || "{}"));
  } catch { /* nothing kept, or not by us */ }
}
