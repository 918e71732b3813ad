// The reading page: «Открыл» after two visible seconds, page counter, text layers, zoom.

const SEEN_AFTER_MS = 2000;
const ZOOMS = [50, 75, 100, 125, 150, 200];

export function readPages(reader) {
  if (!reader) return;
  reportViewed(reader.dataset.viewedUrl);
  const sheets = [...reader.querySelectorAll("[data-sheet]")];
  countPages(sheets, document.querySelector("[data-counter]"));
  loadTexts(sheets);
  zoomPages(reader);
  closeContents(reader.querySelector(".contents"));
}

function reportViewed(url) {
  let seen = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    if (!document.hidden) seen += now - last;
    last = now;
    if (seen < SEEN_AFTER_MS) return;
    clearInterval(timer);
    fetch(url, { method: "POST", credentials: "same-origin", body: new FormData(document.querySelector("[data-viewed-form]")) }).catch(() => {});
  }, 250);
}

function countPages(sheets, counter) {
  if (!counter) return;
  const show = (page) => {
    counter.textContent = counter.dataset.template.replace("{page}", page).replace("{count}", counter.dataset.count);
  };
  // The page that crosses the middle of the window is the one being read.
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) show(entry.target.dataset.sheet);
  }, { rootMargin: "-45% 0px -45% 0px" });
  show(1);
  sheets.forEach((sheet) => observer.observe(sheet));
}

function loadTexts(sheets) {
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      observer.unobserve(entry.target);
      loadText(entry.target);
    }
  }, { rootMargin: "100% 0px" });
  sheets.forEach((sheet) => observer.observe(sheet));
}

async function loadText(sheet) {
  try {
    const answer = await fetch(sheet.dataset.textUrl, { credentials: "same-origin" });
    if (answer.ok) sheet.insertAdjacentHTML("beforeend", await answer.text());
  } catch { /* the picture and «As text» stay */ }
}

function zoomPages(reader) {
  const box = reader.querySelector("[data-zoom]");
  const column = reader.querySelector("[data-column]");
  const value = box.querySelector("[data-zoom-value]");
  const buttons = [box.querySelector("[data-zoom-out]"), box.querySelector("[data-zoom-in]")];
  let at = ZOOMS.indexOf(100);
  const show = () => {
    column.style.width = `${ZOOMS[at]}%`;
    column.style.marginInline = ZOOMS[at] < 100 ? "auto" : "0";
    value.textContent = `${ZOOMS[at]} %`;
    buttons[0].disabled = at === 0;
    buttons[1].disabled = at === ZOOMS.length - 1;
    const width = Math.round(column.getBoundingClientRect().width);
    column.querySelectorAll("img").forEach((image) => { image.sizes = `${width}px`; });
  };
  buttons[0].addEventListener("click", () => { at -= 1; show(); });
  buttons[1].addEventListener("click", () => { at += 1; show(); });
  box.hidden = false;
  box.classList.add("is-on");
}

function closeContents(contents) {
  if (!contents) return;
  contents.addEventListener("click", (event) => { if (event.target.closest("a")) contents.open = false; });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") contents.open = false; });
}
