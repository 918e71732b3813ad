// Timers counted from the server's own seconds, so a wrong clock on the device does no harm.

function clockText(seconds) {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
}

function everySecond(total, show) {
  const start = performance.now();
  const tick = () => {
    const left = Math.max(0, total - Math.floor((performance.now() - start) / 1000));
    show(left);
    if (left > 0) setTimeout(tick, 1000);
  };
  tick();
}

export function countDown(line) {
  if (!line) return;
  everySecond(Number(line.dataset.countdown), (left) => {
    line.textContent = left ? line.dataset.template.replace("{time}", clockText(left)) : line.dataset.over;
  });
}

export function holdResend(button) {
  if (!button || Number(button.dataset.resend) <= 0) return;
  const label = button.textContent;
  everySecond(Number(button.dataset.resend), (left) => {
    button.disabled = left > 0;
    button.textContent = left ? button.dataset.template.replace("{time}", clockText(left)) : label;
  });
}
