// The portal forbids scroll bars in the frame: it is as tall as its content. The root container
// is measured, because the document never shrinks below its frame.
import { withPortal } from "./bridge.js";

const MINIMUM_PX = 600;
const STEP_PX = 4;
const root = document.getElementById("sx-root");

withPortal((library) => {
  let sent = 0;
  let timer = 0;
  const send = () => {
    timer = 0;
    const wanted = Math.max(MINIMUM_PX, Math.ceil(root.getBoundingClientRect().height));
    if (Math.abs(wanted - sent) < STEP_PX) return;
    sent = wanted;
    library.resizeWindow(document.body.scrollWidth, wanted);
  };
  new ResizeObserver(() => (timer ||= setTimeout(send, 100))).observe(root);
});
