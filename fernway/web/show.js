/** Draws what the page shows beside the game: scores, what the network sees, what it expects. */

/** Rows of the map above the highest ground. */
const SKY_ROWS = 10;
const MOVES = {
  "": "wait", RIGHT: "run →", "RIGHT+B": "jump →", LEFT: "run ←", "LEFT+B": "jump ←", B: "jump",
  DOWN: "duck", "DOWN+B": "duck + jump", "RIGHT+DOWN": "roll →",
};
/** A bar has gone when an action is worth so much less than the best, in temperatures of the policy. */
const BAR_TEMPERATURES = 10;

/** Sets a text when it is another: the browser lays out nothing otherwise. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export const whole = (number) => Math.round(number).toLocaleString("en-US");

export const clock = (frames) => `${Math.floor(frames / 3600)}:${String(Math.floor(frames / 60) % 60).padStart(2, "0")}`;

/** What the network looks at, and how it values its moves. */
export class Sight {
  /**
   * @param canvases One for each picture of the stack, the newest first.
   * @param list Where the bars go.
   * @param card The network's card.
   */
  constructor(canvases, list, card) {
    const { height, width, stack } = card.vision;
    Object.assign(this, { size: height * width, stack });
    this.contexts = [...canvases].slice(0, stack).map((canvas) => canvas.getContext("2d"));
    this.image = new ImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.points = 1 / (card.about.reward_scale ?? 1); // the contest's in one of the network's
    this.span = BAR_TEMPERATURES * card.network.temperature;
    this.rows = card.actions.map((names) => {
      const row = document.createElement("li");
      row.append(...["span", "i", "b"].map((kind) => document.createElement(kind)));
      row.firstChild.textContent = MOVES[names.join("+")] ?? names.join(" + ").toLowerCase();
      list.append(row);
      return row;
    });
  }

  draw(course) {
    const { path, thought } = course;
    if (this.path === path && this.timesteps === path.length && this.thought === thought) return; // as it was
    Object.assign(this, { path, timesteps: path.length, thought });
    this.contexts.forEach((context, i) => {
      const from = (this.stack - 1 - i) * this.size;
      const plane = course.lane.seen.subarray(from, from + this.size);
      for (let k = 0; k < plane.length; k++) this.pixels[k] = 0xff000000 | (plane[k] * 0x010101);
      context.putImageData(this.image, 0, 0);
    });
    const best = thought ? Math.max(...thought.q) : 0;
    this.rows.forEach((row, i) => {
      const [, bar, number] = row.children;
      const length = thought ? Math.max(1 - (best - thought.q[i]) / this.span, 0.01) : 0;
      bar.style.transform = `scaleX(${length.toFixed(3)})`;
      say(number, thought ? whole(thought.q[i] * this.points) : "");
      row.classList.toggle("chosen", Boolean(thought?.isPlayed) && thought.action === i);
    });
  }
}

/** One panel of a score. */
export class Score {
  constructor(points, way, facts) {
    Object.assign(this, { points, way, facts });
  }

  draw(course) {
    const { frames } = course.status;
    say(this.points, whole(course.score));
    this.way.value = course.progress;
    say(this.facts, `${Math.floor(course.progress * 100)} % in ${clock(frames)}`);
  }
}

/** The level from far away, and where its courses went. */
export class Plan {
  constructor(root) {
    this.box = root;
    this.plan = root.querySelector("#plan");
    this.ground = root.querySelector("#ground").getContext("2d");
    this.paths = root.querySelector("#paths").getContext("2d");
    this.dots = [root.querySelector("#me"), root.querySelector("#it")];
  }

  /** Draws a level's terrain; `cell`: pixels of the level in one of the map. */
  begin(lane, { width: all, height: rows, cell }) {
    const { width, pixels } = lane.map();
    const top = pixels.findIndex((byte) => byte > 0); // the sky above all ground needs no room
    this.top = Math.max(Math.floor(top / 4 / all) - SKY_ROWS, 0);
    const height = rows - this.top;
    for (const { canvas } of [this.ground, this.paths]) Object.assign(canvas, { width, height });
    this.ground.putImageData(new ImageData(pixels, all, rows), 0, -this.top);
    this.cell = cell;
    this.drawn = [0, 0];
    const { endX } = lane.status();
    this.ground.fillStyle = "#c9302c";
    this.ground.fillRect(endX / cell - 1, 0, 2, height);
    this.measure();
  }

  /** How much wider the map is than its window, on a phone. */
  measure() {
    this.hidden = Math.max(this.plan.clientWidth - this.box.clientWidth, 0);
  }

  draw(courses) {
    const { width, height } = this.paths.canvas;
    this.dots.forEach((dot, i) => {
      const course = courses[i];
      dot.hidden = !course;
      if (!course) return;
      this.#extend(course, i);
      const { x, y } = course.status;
      dot.classList.toggle("isnetwork", course.byNetwork);
      dot.style.left = `${(100 * x) / this.cell / width}%`;
      dot.style.top = `${(100 * Math.max(y / this.cell - this.top, 6)) / height}%`;
    });
    if (this.hidden) this.box.scrollLeft = (courses[0].status.x / this.cell / width - 0.2) * this.hidden * 1.67;
  }

  #extend(course, i) {
    if (this.drawn[i] >= course.path.length - 1) return;
    const style = getComputedStyle(this.box);
    const { paths, cell, top } = this;
    for (; this.drawn[i] < course.path.length - 1; this.drawn[i]++) {
      const [from, to] = [course.path[this.drawn[i]], course.path[this.drawn[i] + 1]];
      paths.strokeStyle = style.getPropertyValue(to.byNetwork ? "--network" : "--you");
      paths.lineWidth = 1.6;
      paths.beginPath();
      paths.moveTo(from.x / cell, (from.y - 16) / cell - top);
      paths.lineTo(to.x / cell, (to.y - 16) / cell - top);
      paths.stroke();
    }
  }
}
