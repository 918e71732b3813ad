// Dropping and pasting files on the verification page; the file field itself stays the plain way.

export function acceptFiles(zone) {
  if (!zone) return;
  const field = zone.querySelector("input[type=file]");
  const list = zone.querySelector("[data-drop-list]");
  zone.classList.add("is-ready"); // our own button speaks the page's language, the field's does not
  const mark = (isOver) => zone.classList.toggle("drop--over", isOver);
  const take = (files) => {
    if (!files || !files.length) return;
    field.files = files;
    show();
  };
  const show = () => {
    list.textContent = [...field.files].map((file) => file.name).join(", ");
  };
  for (const name of ["dragenter", "dragover"]) zone.addEventListener(name, (event) => { event.preventDefault(); mark(true); });
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, (event) => { event.preventDefault(); mark(false); });
  zone.addEventListener("drop", (event) => take(event.dataTransfer.files));
  document.addEventListener("paste", (event) => take(event.clipboardData && event.clipboardData.files));
  field.addEventListener("change", show);
}
