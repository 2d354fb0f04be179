/** How many of the game's frames are due: 60 a second, whatever the screen's own rate. */

const FRAME_MS = 1000 / 60;
/** Frames that a slow machine may catch up with at once. */
const BEHIND_MOST = 4;
/** A screen so near to 60 Hz gets one frame a picture: a little too fast is not seen, a picture shown twice is. */
const NEARLY = 0.02;

export class Clock {
  #last = null;
  #due = 0;

  /** Forgets what is due, as after a pause. */
  reset() {
    this.#due = 0;
  }

  /** Whole frames due at a time, ms; `speed`: 1 is the console's, Infinity as many as there is time for. */
  due(now, speed) {
    const elapsed = (now - (this.#last ?? now)) / FRAME_MS;
    this.#last = now;
    if (speed === Infinity) return Infinity;
    const frames = Math.abs(elapsed - 1) < NEARLY ? 1 : elapsed;
    this.#due = Math.min(this.#due + frames * speed, Math.max(BEHIND_MOST, speed));
    const whole = Math.floor(this.#due + 1e-9);
    this.#due -= whole;
    return whole;
  }
}
