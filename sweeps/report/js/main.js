// Puts the page together.
function redraw() {
  draw();
  drawView();
}

recall();
take(byId("data").textContent);
wireTable();
wireView();
redraw();

document.addEventListener("click", (event) => {
  event.target.closest("figure.ink img")?.closest("figure").classList.toggle("large");
});

const seconds = Number(document.body.dataset.refresh);
if (seconds) setTimeout(refresh, 1000 * seconds, seconds);
