/** Which level: its numbers, its address, chance. */

const SEED_MOST = 2 ** 32 - 1;
const ACT_MOST = 99;

export const MODES = ["play", "watch", "race"];

/** The names of zones in words: "FernHollow" is Fern Hollow. */
export const inWords = (name) => name.replace(/(?<=[a-z])(?=[A-Z])/g, " ");

export class Levels {
  /** @param table levels.json. */
  constructor(table) {
    this.zones = table.zones;
    this.unseen = table.unseen;
    this.levels = table.levels;
  }

  /** The seed of the level that comes with the game, or else 1. */
  seedOf(zone, act) {
    return this.levels.find((level) => level.zone === zone && level.act === act)?.seed ?? 1;
  }

  nameOf({ zone, act }) {
    return `${inWords(this.zones[zone])}, act ${act}`;
  }

  /** Whether the network is on new ground. */
  noveltyOf({ zone, act, seed }) {
    if (this.unseen.includes(zone)) return "The network has never seen such a place.";
    const known = this.levels.find((level) => level.zone === zone && level.act === act && level.seed === seed);
    if (known && !known.validation) return "The network has trained on levels like it, and maybe on this one.";
    return "The network has trained on levels like it, and has never seen this one.";
  }

  /** Any level: the generator makes one of every seed. */
  random() {
    const zone = Math.floor(Math.random() * this.zones.length);
    return { zone, act: 1 + Math.floor(Math.random() * 9), seed: Math.floor(Math.random() * (SEED_MOST + 1)) };
  }

  /** Reads an address such as #zone=FernHollow&act=3&seed=10300&mode=watch; what is wrong with it is said in `problem`. */
  read(hash) {
    const words = new URLSearchParams(hash.replace(/^#/, ""));
    const problems = [];
    const number = (name, least, most, otherwise) => {
      const text = words.get(name);
      if (text === null || text === "") return otherwise;
      if (/^\d{1,10}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
      problems.push(`${name} ${text.slice(0, 20)}: there are ${least} to ${most}`);
      return otherwise;
    };
    let zone = 0;
    const wanted = (words.get("zone") ?? "0").toLowerCase().replace(/[^a-z0-9]/g, "");
    const named = this.zones.findIndex((name, i) => name.toLowerCase() === wanted || String(i) === wanted);
    if (named >= 0) zone = named;
    else problems.push(`no zone ${(words.get("zone") ?? "").slice(0, 20)}`);
    const act = number("act", 1, ACT_MOST, 1);
    const seed = number("seed", 0, SEED_MOST, this.seedOf(zone, act));
    const mode = MODES.includes(words.get("mode")) ? words.get("mode") : null;
    return { level: { zone, act, seed }, mode, problem: problems.join("; ") };
  }

  /** The address of a level. */
  write({ zone, act, seed }, mode = null) {
    return `#zone=${this.zones[zone]}&act=${act}&seed=${seed}${mode ? `&mode=${mode}` : ""}`;
  }
}
