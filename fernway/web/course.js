/** One way through a level: a game, who steers it, and what came of it. */

import { Lane, bitsOf } from "./game.js";
import { EPSILON, TEMPERATURE, choose } from "./network.js";

/** Probability that a timestep's first frame still plays the move before; source: fernway/rules.py. */
export const STICK_PROBABILITY = 0.25;

/** How the network plays: as the shipped agent does. A test may want it without chance. */
export const RULES = { epsilon: EPSILON, temperature: TEMPERATURE, stick: STICK_PROBABILITY };

export class Course {
  /** @param actions The action table: names of buttons for every action. */
  constructor(game, actions, rules = RULES, chance = Math.random) {
    this.lane = new Lane(game);
    this.table = actions.map(bitsOf);
    this.rules = rules;
    this.chance = chance;
    this.network = null;
  }

  /** @param steersNetwork Whether the network steers, or the one at the keyboard. */
  begin(level, steersNetwork) {
    this.lane.begin(level);
    this.status = this.lane.status();
    this.byNetwork = steersNetwork;
    this.score = 0;
    this.ending = null; // "finished", "died" or "late"
    this.thought = null; // the network's last: its values and its move
    this.next = null; // a move that is decided and not begun
    this.held = null; // buttons of the network's move under way
    this.frames = []; // [buttons, sticks] of all frames: what a replay needs
    this.path = [this.#place()];
  }

  #place() {
    return { x: this.status.x, y: this.status.y, byNetwork: this.byNetwork };
  }

  /** Hands the controls to the network or takes them away; a move under way ends at once. */
  steer(byNetwork) {
    this.byNetwork = byNetwork;
    this.next = this.held = null;
  }

  /** Asks the network where a timestep begins; when somebody else steers, only for what it thinks of it. */
  async decide() {
    if (!this.network || this.ending || this.next || this.status.frame) return;
    const { frames } = this;
    const began = frames.length;
    const q = await this.network.qValues(this.lane.seen);
    if (this.frames !== frames || frames.length !== began) return; // begun anew or played on meanwhile
    this.next = { q, ...choose(q, this.rules, this.chance) };
    this.thought = { ...this.next, isPlayed: this.byNetwork };
  }

  /** Whether a frame can be played now, or the network has to decide first. */
  get isReady() {
    return !this.byNetwork || this.status.frame > 0 || this.next !== null;
  }

  /** Plays a frame; the buttons count unless the network steers. */
  play(buttons) {
    if (this.ending || !this.isReady) return;
    let sticks = false;
    if (this.status.frame === 0) {
      this.held = this.byNetwork ? this.table[this.next.action] : null;
      sticks = this.byNetwork && this.chance() < this.rules.stick;
      this.next = null;
    }
    const held = this.held ?? buttons;
    const { reward, terminated, truncated } = this.lane.frame(held, sticks);
    this.frames.push([held, sticks]);
    this.score += reward;
    this.status = this.lane.status();
    if (this.status.frame === 0) this.path.push(this.#place());
    if (truncated) this.ending = "late";
    else if (terminated) this.ending = this.status.isFinished ? "finished" : "died";
  }

  /** The part of the way that is done, 0..1. */
  get progress() {
    const { x, startX, endX } = this.status;
    return Math.min(Math.max((x - startX) / (endX - startX), 0), 1);
  }
}
