/** The page: modes, the clock, the buttons. */

import { Clock } from "./clock.js";
import { Course, RULES } from "./course.js";
import { Game, HEIGHT, MAP_CELL, MAP_HEIGHT, MAP_WIDTH, WIDTH } from "./game.js";
import { Input } from "./input.js";
import { Levels, MODES, inWords } from "./levels.js";
import { Network, bytesOf, jsonOf } from "./network.js";
import { Plan, Score, Sight, clock, say, whole } from "./show.js";

/** What a turn may take of a screen's 16 ms; and where nobody can follow anyway. */
const [BUSY_MS, HASTE_MS] = [12, 60];
const TITLES = { play: "Play", watch: "Watch the network", race: "Race the network" };
const MAP = { width: MAP_WIDTH, height: MAP_HEIGHT, cell: MAP_CELL };

const element = (id) => document.getElementById(id);

class Page {
  constructor(game, card, table) {
    this.levels = new Levels(table);
    this.card = card;
    this.rules = { ...RULES };
    this.courses = [0, 1].map(() => new Course(game, card.actions, this.rules));
    this.context = element("screen").getContext("2d");
    this.sight = new Sight(document.querySelectorAll(".pictures canvas"), element("bars"), card);
    this.scores = [["points", "way", "facts"], ["rivalpoints", "rivalway", "rivalfacts"]].map(
      (ids) => new Score(...ids.map(element)),
    );
    this.plan = new Plan(element("map"));
    this.main = document.querySelector("main");
    this.input = new Input(element("pad"), (name) => this.command(name), () => this.pressed());
    this.network = null;
    this.clock = new Clock();
    this.speed = 1;
    this.turns = 0; // of the screen, for who measures
    this.isStale = true; // something is to be drawn
    this.state = "ready"; // "running", "paused" or "over"
    this.#wire();
    this.readAddress();
    requestAnimationFrame((now) => this.turn(now));
  }

  #wire() {
    element("zone").append(...this.levels.zones.map((name, i) => new Option(inWords(name), i)));
    for (const button of document.querySelectorAll("#modes button"))
      button.addEventListener("click", () => this.command(button.dataset.mode));
    for (const name of ["pause", "step", "again", "takeover", "random", "share"])
      element(name).addEventListener("click", () => this.command(name));
    element("speed").addEventListener("change", (event) => { this.speed = Number(event.target.value); });
    element("zone").addEventListener("change", () => this.chosen({ keepsSeed: false }));
    element("act").addEventListener("change", () => this.chosen({ keepsSeed: false }));
    element("seed").addEventListener("change", () => this.chosen({ keepsSeed: true }));
    element("level").addEventListener("submit", (event) => event.preventDefault());
    element("screen").addEventListener("pointerdown", () => { if (this.state === "paused") this.command("pause"); });
    addEventListener("hashchange", () => this.readAddress());
    addEventListener("resize", () => this.fit());
    document.addEventListener("visibilitychange", () => { if (document.hidden && this.state === "running") this.command("pause"); });
    this.fit();
  }

  // ---- levels and modes

  readAddress() {
    if (location.hash === this.written) return;
    const { level, mode, problem } = this.levels.read(location.hash);
    this.notice(problem && `${problem}: here is another level.`);
    this.level = level;
    this.begin(mode ?? this.mode ?? "play", false);
    if (mode && mode !== "play") this.start(mode);
  }

  /** Takes the level of the fields; without a seed of its own, the one that comes with the game. */
  chosen({ keepsSeed }) {
    const fields = [element("act"), element("seed")];
    if (!fields.every((field) => field.reportValidity())) return;
    const [zone, act] = [Number(element("zone").value), Number(element("act").value)];
    this.go({ zone, act, seed: keepsSeed ? Number(element("seed").value) : this.levels.seedOf(zone, act) });
  }

  go(level) {
    this.level = level;
    this.begin(this.mode, false);
  }

  /** Puts everything to a level's start; it stands still with a card over it until `start`. */
  begin(mode, isRunning) {
    this.mode = mode;
    this.main.dataset.mode = mode;
    this.main.classList.remove("taken");
    for (const button of document.querySelectorAll("#modes button"))
      button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    element("zone").value = this.level.zone;
    element("act").value = this.level.act;
    element("seed").value = this.level.seed;
    this.written = this.levels.write(this.level, mode === "play" ? null : mode);
    history.replaceState(null, "", this.written);
    this.courses[0].begin(this.level, mode === "watch");
    this.courses[1].begin(this.level, true);
    this.plan.begin(this.courses[0].lane, MAP);
    this.waits = mode === "race"; // the ghost starts with you
    this.clock.reset();
    this.state = isRunning ? "running" : "ready";
    if (isRunning) this.hideCard();
    else this.showCard(this.levels.nameOf(this.level), `Run to the post on the right.\n${this.levels.noveltyOf(this.level)}`, MODES.map((name) => [TITLES[name], () => this.start(name)]));
    this.dress();
  }

  async start(mode) {
    if (mode !== "play" && !(await this.fetchNetwork())) return;
    this.begin(mode, true);
    element("screen").focus({ preventScroll: true });
  }

  /** Loads the network when it is first wanted; says so meanwhile, and when that fails. */
  async fetchNetwork() {
    if (this.network) return true;
    this.showCard("One moment", "The network is on its way: 16 MB, once.", []);
    try {
      this.loading ??= Network.load(this.card);
      this.network = await this.loading;
    } catch (error) {
      this.loading = null;
      this.showCard("No network", `It cannot play here: ${error.message}`, [[TITLES.play, () => this.start("play")]]);
      return false;
    }
    for (const course of this.courses) course.network = this.network;
    return true;
  }

  // ---- what a person does

  command(name) {
    const { state } = this;
    if (MODES.includes(name)) this.start(name);
    else if (name === "random") this.go(this.levels.random());
    else if (name === "share") this.share();
    else if (state === "ready") return;
    else if (name === "again") this.start(this.mode);
    else if (name === "takeover") this.takeOver(this.courses[0].byNetwork);
    else if (name === "pause" && state !== "over") {
      this.state = state === "running" ? "paused" : "running";
      this.clock.reset();
    } else if (name === "step" && state !== "over") {
      this.state = "paused";
      this.waits = false;
      this.frame();
    }
    this.dress();
  }

  /** A button of the game went down. */
  pressed() {
    this.waits = false;
    this.isStale = true;
    if (this.state === "ready" && this.mode === "play") this.start("play");
    else if (this.mode === "watch" && this.state !== "ready" && this.courses[0].byNetwork) this.takeOver(true);
  }

  takeOver(isMine) {
    if (this.mode !== "watch" || this.state === "over") return;
    this.courses[0].steer(!isMine);
    this.main.classList.toggle("taken", isMine);
    element("screen").focus({ preventScroll: true });
    this.dress();
  }

  async share() {
    const address = new URL(this.written, location.href).href;
    try {
      await navigator.clipboard.writeText(address);
      this.notice("The link is copied: it leads to this very level.");
    } catch {
      this.notice(`This level: ${address}`); // no clipboard without https
    }
  }

  // ---- the clock

  async turn(now) {
    const frames = this.clock.due(now, this.isGhostAlone ? Infinity : this.speed);
    const until = performance.now() + (frames === Infinity ? HASTE_MS : BUSY_MS);
    for (let i = 0; i < frames && this.isMoving && performance.now() < until; i++) await this.frame();
    if (this.isStale) this.draw();
    this.isStale = false;
    this.turns += 1;
    requestAnimationFrame((next) => this.turn(next));
  }

  get playing() {
    return this.mode === "race" ? this.courses : this.courses.slice(0, 1);
  }

  get isMoving() {
    return (this.state === "running" && !this.waits) || this.isGhostAlone;
  }

  /** Your race is over, and the network's is not. */
  get isGhostAlone() {
    return this.state === "over" && this.mode === "race" && !this.courses[1].ending;
  }

  async frame() {
    const { playing } = this;
    for (const course of playing) if (course.network && (course.byNetwork || this.mode === "watch")) await course.decide();
    for (const course of playing) course.play(this.input.buttons);
    this.isStale = true;
    if (playing[0].ending && (this.state !== "over" || playing[1]?.ending)) this.end();
  }

  end() {
    this.state = "over";
    const [mine, its] = this.courses;
    const words = { finished: "Finished", died: "A life is lost", late: "Time is up" };
    let text = `${whole(mine.score)} points, ${Math.floor(mine.progress * 100)} % of the way in ${clock(mine.status.frames)}`;
    let title = words[mine.ending];
    if (this.mode === "race") {
      text += its.ending ? `\nThe network: ${whole(its.score)} points` : "\nThe network is still on its way";
      if (its.ending) title = mine.score > its.score ? "You win" : "The network wins";
    }
    const others = MODES.filter((name) => name !== this.mode).map((name) => [TITLES[name], () => this.start(name)]);
    this.showCard(title, text, [["Again", () => this.start(this.mode)], ...others, ["Random level", () => this.command("random")]]);
    this.dress();
  }

  // ---- what is shown

  draw() {
    const [mine, its] = this.courses;
    const isRace = this.mode === "race";
    const picture = mine.lane.picture(isRace ? its.lane : null);
    this.context.putImageData(new ImageData(picture, WIDTH, HEIGHT), 0, 0);
    this.playing.forEach((course, i) => this.scores[i].draw(course));
    this.plan.draw(this.playing);
    if (this.mode !== "play") this.sight.draw(isRace ? its : mine);
    const ahead = its.status.x - mine.status.x;
    const distance = `Network ${Math.abs(ahead)} pixels ${ahead < 0 ? "behind" : "ahead"}`;
    const words = this.waits ? "It starts with you: press a key" : isRace ? distance : "";
    say(element("chip"), this.state === "paused" ? "Paused" : words);
    element("chip").hidden = !element("chip").textContent || this.state === "ready";
  }

  /** Buttons and names that change with the state alone. */
  dress() {
    this.isStale = true;
    const { byNetwork } = this.courses[0];
    say(element("pause"), this.state === "paused" ? "Go on" : "Pause");
    say(element("takeover"), byNetwork ? "Take over" : "Hand back");
    say(element("who"), byNetwork ? "Network" : "You");
    element("takeover").classList.toggle("mine", !byNetwork);
    document.querySelector(".score.you").classList.toggle("isnetwork", byNetwork);
    for (const id of ["pause", "step", "takeover"]) element(id).disabled = ["ready", "over"].includes(this.state);
    element("again").disabled = this.state === "ready";
  }

  showCard(title, text, choices) {
    say(element("title"), title);
    say(element("text"), text);
    element("choices").replaceChildren(
      ...choices.map(([name, act]) => {
        const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
        button.addEventListener("click", act);
        return button;
      }),
    );
    element("card").hidden = false;
    element("choices").firstChild?.focus({ preventScroll: true });
  }

  hideCard() {
    element("card").hidden = true;
  }

  notice(text) {
    say(element("notice"), text);
    element("notice").hidden = !text;
  }

  /** The largest whole number of the device's pixels for each of the console's. */
  fit() {
    const { canvas } = this.context;
    const dots = devicePixelRatio || 1;
    const wide = element("stage").clientWidth;
    const isNarrow = matchMedia("(max-width: 860px)").matches;
    const high = isNarrow ? Infinity : innerHeight - 285; // what stands above and below, the map among it
    const scale = Math.max(Math.floor((Math.min(wide / WIDTH, high / HEIGHT)) * dots), 1) / dots;
    canvas.style.width = `${WIDTH * scale}px`;
    canvas.style.height = `${HEIGHT * scale}px`;
    this.plan.measure();
  }
}

try {
  const [wasm, card, table] = await Promise.all([bytesOf("game.wasm"), jsonOf("network.json"), jsonOf("levels.json")]);
  const game = await Game.load(wasm, card.vision);
  globalThis.fernway = new Page(game, card, table); // for the console, and for tests
  say(element("about"), "");
  element("about").innerHTML = `The network that plays is <code>${card.graph_sha256.slice(0, 12)}</code>. Nothing leaves your machine. <a href="LICENSES.txt">Licences</a>`;
} catch (error) {
  say(element("text"), `The game cannot be loaded: ${error.message}`);
}
