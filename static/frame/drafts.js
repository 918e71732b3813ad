// The page «New document»: progress of the upload, stamps moved by pointer or keys, first mistake.
document.addEventListener("htmx:xhr:progress", ({ target, detail }) => {
  const bar = target.querySelector?.("progress.sx-upload");
  if (bar && detail.lengthComputable) bar.value = (100 * detail.loaded) / detail.total;
});

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  detail.target.querySelector("[data-first-error]")?.focus();
});

const number = (stamp, name) => Number(stamp.getAttribute(name));

/** Moves a stamp by millimetres; it stays on its page. */
function move(stamp, dx, dy) {
  const { width, height } = stamp.ownerSVGElement.viewBox.baseVal;
  const inside = (value, size, side) => Math.max(0, Math.min(Math.round(value), side - size));
  stamp.setAttribute("x", inside(number(stamp, "x") + dx, number(stamp, "width"), width));
  stamp.setAttribute("y", inside(number(stamp, "y") + dy, number(stamp, "height"), height));
}

/** Writes its place into the field of coordinates; the places of the others stay as they are. */
function settle(stamp) {
  const field = document.getElementById("id_coordinates");
  const items = (field.value || field.placeholder).split(/;(?=(?:[^"]*"[^"]*")*[^"]*$)/);
  const places = new Map(items.filter((item) => item.trim()).map((item) => item.split(/=(.*)/s)));
  const kept = new Map([...places].map(([key, where]) => [key.trim(), where.trim()]));
  const { key } = stamp.dataset;
  const page = kept.get(key)?.startsWith("*") ? "*" : stamp.ownerSVGElement.dataset.page;
  const box = ["x", "y", "width", "height"].map((name) => Math.floor(number(stamp, name)));
  kept.set(key, [page, ...box].join(":"));
  field.value = [...kept].map((item) => item.join("=")).join("; ");
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

document.addEventListener("pointerdown", (event) => {
  const stamp = event.target.closest?.(".sx-stamp");
  if (!stamp || event.button) return;
  stamp.setPointerCapture(event.pointerId);
  const page = stamp.ownerSVGElement;
  const scale = page.viewBox.baseVal.width / page.getBoundingClientRect().width;
  const start = { x: number(stamp, "x"), y: number(stamp, "y") };
  stamp.onpointermove = (to) => {
    stamp.setAttribute("x", start.x);
    stamp.setAttribute("y", start.y);
    move(stamp, (to.clientX - event.clientX) * scale, (to.clientY - event.clientY) * scale);
  };
  stamp.onlostpointercapture = () => {
    stamp.onpointermove = null;
    if (number(stamp, "x") !== start.x || number(stamp, "y") !== start.y) settle(stamp);
  };
});

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
document.addEventListener("keydown", (event) => {
  const stamp = event.target.closest?.(".sx-stamp");
  const [dx, dy] = ARROWS[event.key] ?? [];
  if (!stamp || dx === undefined) return;
  event.preventDefault();
  const step = event.shiftKey ? 10 : 1;
  move(stamp, dx * step, dy * step);
  settle(stamp);
});
