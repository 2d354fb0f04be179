/** The game in WebAssembly: the C of fernway/src and fernway/host, and web.c. This file only reads and writes its memory. */

export const WIDTH = 320;
export const HEIGHT = 224;
export const MAP_WIDTH = 1280;
export const MAP_HEIGHT = 96;
/** Pixels of the level in one of its map: MAP_CELL of web.c. */
export const MAP_CELL = 8;
/** In the order of their bits; source: fernway/native.py. */
export const BUTTONS = ["B", "A", "MODE", "START", "UP", "DOWN", "LEFT", "RIGHT", "C", "Y", "X", "Z"];

const STATUS = ["x", "y", "startX", "endX", "frames", "frame", "timesteps", "isOver", "isFinished"];
const ANSWER_SIZE = 16;

/** Folds names of buttons into bits. */
export function bitsOf(names) {
  return names.reduce((bits, name) => bits | (1 << BUTTONS.indexOf(name)), 0);
}

/** The compiled game, and what its networks look at. */
export class Game {
  /**
   * @param {BufferSource} wasm game.wasm.
   * @param {{crop_top: number, crop_bottom: number, height: number, width: number, stack: number}} vision Of the network's card.
   */
  static async load(wasm, vision) {
    const { instance } = await WebAssembly.instantiate(wasm, {});
    instance.exports._initialize();
    return new Game(instance.exports, vision);
  }

  constructor(exports, vision) {
    this.c = exports;
    this.vision = vision;
    const { crop_top: top, crop_bottom: bottom, height, width, stack } = vision;
    this.observer = this.c.observer_new(top, HEIGHT - bottom, height, width, stack);
  }

  /** Memory of the game's own, which never moves: it does not grow. */
  bytes(length) {
    const address = this.c.malloc(length);
    if (!address) throw new Error("the game is out of memory");
    return new Uint8Array(this.c.memory.buffer, address, length);
  }
}

/** One game under the contest's rules. */
export class Lane {
  constructor(game) {
    const { stack, height, width } = game.vision;
    this.c = game.c;
    this.game = game;
    this.address = this.c.lane_new();
    this.seen = game.bytes(stack * height * width);
    this.rgba = game.bytes(WIDTH * HEIGHT * 4);
    this.numbers = new Int32Array(this.c.memory.buffer, game.bytes(STATUS.length * 4).byteOffset, STATUS.length);
    this.answer = new DataView(this.c.memory.buffer, game.bytes(ANSWER_SIZE).byteOffset, ANSWER_SIZE);
  }

  /** Begins an episode at a level's start. */
  begin({ zone, act, seed }) {
    this.c.lane_begin(this.address, zone, act, seed, this.game.observer, 0, this.seen.byteOffset);
  }

  /** Plays a frame with these button bits; `sticks`: the first frame of a timestep plays the action of the one before. */
  frame(buttons, sticks = false) {
    this.c.lane_frame(
      this.address, buttons, Number(sticks), this.game.observer, this.seen.byteOffset, this.answer.byteOffset,
    );
    return {
      reward: this.answer.getFloat64(0, true),
      terminated: Boolean(this.answer.getUint8(8)),
      truncated: Boolean(this.answer.getUint8(9)),
    };
  }

  /** Where the game is, in numbers. */
  status() {
    this.c.lane_status(this.address, this.numbers.byteOffset);
    return Object.fromEntries(STATUS.map((name, i) => [name, this.numbers[i]]));
  }

  /** What the console shows, RGBA, with another lane's hero over it if there is one. */
  picture(ghost = null) {
    this.c.lane_picture(this.address, this.rgba.byteOffset);
    if (ghost) this.c.lane_ghost(ghost.address, this.address, this.rgba.byteOffset);
    return new Uint8ClampedArray(this.rgba.buffer, this.rgba.byteOffset, this.rgba.length);
  }

  /** The level from far away: RGBA [MAP_HEIGHT][MAP_WIDTH], and how many of its columns the level takes. */
  map() {
    const pixels = this.game.bytes(MAP_WIDTH * MAP_HEIGHT * 4);
    const width = this.c.lane_map(this.address, pixels.byteOffset);
    const copy = new Uint8ClampedArray(pixels);
    this.c.free(pixels.byteOffset);
    return { width, pixels: copy };
  }

  /** The console's memory, level and all. */
  memory() {
    return new Uint8Array(this.c.memory.buffer, this.address, this.c.lane_memory_size());
  }
}
