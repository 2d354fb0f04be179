/** What is pressed: keys of the game and of the page, and the pad on a touch screen. */

import { bitsOf } from "./game.js";

const GAME_KEYS = {
  ArrowLeft: "LEFT", ArrowRight: "RIGHT", ArrowDown: "DOWN", ArrowUp: "UP",
  KeyA: "LEFT", KeyD: "RIGHT", KeyS: "DOWN", KeyW: "UP",
  Space: "B", KeyX: "B", KeyZ: "B",
};

const COMMANDS = {
  Digit1: "play", Digit2: "watch", Digit3: "race",
  KeyP: "pause", Escape: "pause", Period: "step", KeyR: "again", KeyT: "takeover", KeyN: "random",
};

/** Whether a key belongs to what has the focus: letters to a field, space and Enter to a button. */
function isTaken(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return true;
  const { target } = event;
  if (target.closest("input, select")) return true;
  return Boolean(target.closest("button, a")) && (event.code === "Space" || event.code === "Enter");
}

export class Input {
  /**
   * @param pad The element whose parts have data-button.
   * @param onCommand Called with the name of a command.
   * @param onPress Called when a button of the game goes down.
   */
  constructor(pad, onCommand, onPress) {
    this.keys = new Set();
    this.touches = new Map(); // pointer -> the part of the pad under it
    this.onPress = onPress;
    addEventListener("keydown", (event) => {
      if (isTaken(event)) return;
      const button = GAME_KEYS[event.code];
      const command = COMMANDS[event.code];
      if (!button && !command) return;
      event.preventDefault(); // arrows and space would scroll
      if (event.repeat && command !== "step") return;
      if (command) onCommand(command);
      else this.#press(event.code);
    });
    addEventListener("keyup", (event) => this.keys.delete(event.code));
    addEventListener("blur", () => this.release());
    for (const kind of ["pointerdown", "pointermove", "pointerup", "pointercancel"])
      pad.addEventListener(kind, (event) => this.#touch(event, pad), { passive: false });
    pad.addEventListener("contextmenu", (event) => event.preventDefault());
    // The pad comes with the first touch, too: a device may have a mouse and a touch screen.
    if (matchMedia("(pointer: coarse)").matches) document.body.classList.add("touch");
    addEventListener("touchstart", () => document.body.classList.add("touch"), { once: true, passive: true });
  }

  #press(code) {
    this.keys.add(code);
    this.onPress();
  }

  #touch(event, pad) {
    event.preventDefault();
    if (event.type === "pointerdown") pad.setPointerCapture(event.pointerId);
    const isDown = event.type === "pointerdown" || (event.type === "pointermove" && this.touches.has(event.pointerId));
    // A thumb slides from one part to the next without being lifted.
    const part = isDown ? document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-button]") : null;
    if (isDown) this.touches.set(event.pointerId, part ?? null);
    else this.touches.delete(event.pointerId);
    const down = new Set(this.touches.values());
    for (const each of pad.querySelectorAll("[data-button]")) each.classList.toggle("down", down.has(each));
    if (event.type === "pointerdown" && part) this.onPress();
  }

  release() {
    this.keys.clear();
    this.touches.clear();
  }

  /** The bits of the buttons held now. */
  get buttons() {
    const touched = [...this.touches.values()].filter(Boolean).map((part) => part.dataset.button);
    return bitsOf([...[...this.keys].map((code) => GAME_KEYS[code]), ...touched]);
  }
}
