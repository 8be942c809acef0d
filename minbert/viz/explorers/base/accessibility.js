// What ipywidgets leaves out: a slider's handle and its number take the name of the slider's label,
// a caption that changes is read aloud, and a table that was unfolded stays so when it changes.
// Everything works without this file, but less well by ear and by keyboard.

function mend(root) {
  for (const slider of root.querySelectorAll(".widget-slider, .widget-hslider")) {
    const label = slider.querySelector(".widget-label")?.textContent.trim();
    for (const part of slider.querySelectorAll(".noUi-handle, .widget-readout")) {
      if (label && part.getAttribute("aria-label") !== label) part.setAttribute("aria-label", label);
    }
  }
  for (const said of root.querySelectorAll(".minbert-said .widget-html-content")) {
    if (!said.hasAttribute("aria-live")) said.setAttribute("aria-live", "polite");
  }
  for (const folded of root.querySelectorAll("details:not([open])")) {
    if (folded.closest(".widget-html")?.dataset.open === "true") folded.open = true;
  }
}

function remember(event) {
  const table = event.target.closest(".widget-html");
  if (table) table.dataset.open = event.target.open;
}

function render({ el }) {
  let root = null;
  const observer = new MutationObserver(() => mend(root));
  // The element is put into the page after this function has returned.
  const timer = setInterval(() => {
    root = el.closest(".minbert-explorer");
    if (!root) return;
    clearInterval(timer);
    mend(root);
    root.addEventListener("toggle", remember, true);
    observer.observe(root, { childList: true, subtree: true });
  }, 100);
  return () => {
    clearInterval(timer);
    observer.disconnect();
    root?.removeEventListener("toggle", remember, true);
  };
}

export default { render };
