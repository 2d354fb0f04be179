/** The bundled network: ONNX Runtime on one thread of the browser, and how its values become a move. */

/** Of the shipped agent; source: agent/config.py. */
export const EPSILON = 0.02;
/** Of softmax(Q / temperature); source: agent/config.py. */
export const TEMPERATURE = 0.15;

const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

async function fetched(name) {
  const answer = await fetch(name);
  if (!answer.ok) throw new Error(`${name} is missing on the server (${answer.status})`);
  return answer;
}

/** Reads a file of the page's folder. */
export async function bytesOf(name) {
  return (await fetched(name)).arrayBuffer();
}

/** Reads a JSON file of the page's folder. */
export async function jsonOf(name) {
  return (await fetched(name)).json();
}

export class Network {
  /** @param card The network's card, network.json. */
  static async load(card) {
    const [ort, graph] = await Promise.all([import("./ort/ort.wasm.min.mjs"), bytesOf("network.onnx")]);
    if (globalThis.crypto?.subtle) { // browsers have it on https and on this machine alone; the build has looked, too
      const digest = hex(await crypto.subtle.digest("SHA-256", graph));
      if (digest !== card.graph_sha256) throw new Error("network.onnx is not the graph that its card speaks of");
    }
    ort.env.wasm.numThreads = 1; // several need headers that a plain server does not send
    ort.env.wasm.wasmPaths = new URL("./ort/", import.meta.url).href;
    const session = await ort.InferenceSession.create(new Uint8Array(graph), { executionProviders: ["wasm"] });
    const network = new Network(ort, session, card);
    await network.qValues(new Uint8Array(network.size)); // the first answer takes longer than the others
    return network;
  }

  constructor(ort, session, card) {
    const { stack, height, width } = card.vision;
    this.ort = ort;
    this.session = session;
    this.shape = [1, stack, height, width];
    this.size = stack * height * width;
    this.answers = 0;
    this.spentMs = 0;
  }

  /** The Q-values of an observation, uint8 [stack, height, width]: a number for every action. */
  async qValues(observation) {
    const began = performance.now();
    const obs = new this.ort.Tensor("uint8", Uint8Array.from(observation), this.shape);
    const { q_values: q } = await this.session.run({ obs });
    this.answers += 1;
    this.spentMs += performance.now() - began;
    return Array.from(q.data);
  }
}

/** Chooses a move as agent/players/learned.py does; `chance` draws from 0..1. */
export function choose(q, { epsilon, temperature }, chance) {
  if (chance() < epsilon) return { action: Math.floor(chance() * q.length), isRandom: true };
  // The largest of values with Gumbel noise is a draw from softmax(Q / temperature).
  const noisy = q.map((value) => value - (temperature && temperature * Math.log(-Math.log(chance() || Number.MIN_VALUE))));
  return { action: noisy.indexOf(Math.max(...noisy)), isRandom: false };
}
