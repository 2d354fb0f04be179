// Plays courses with the page's own game and says what came of them: node replay.mjs FOLDER < courses.json
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const { Game, Lane } = await import(pathToFileURL(`${folder}/game.js`));
const game = await Game.load(readFileSync(`${folder}/game.wasm`), JSON.parse(readFileSync(`${folder}/network.json`)).vision);

/** Of memory and observation, and every fourth time of the screen: it is as large as ten of the others. */
function digest(lane, timestep) {
  const sum = createHash("sha1").update(lane.memory()).update(lane.seen);
  if (timestep % 4 === 0) sum.update(lane.picture());
  return sum.digest("hex");
}

const results = JSON.parse(readFileSync(0)).map(({ level, frames }) => {
  const lane = new Lane(game);
  lane.begin(level);
  const played = { rewards: [], endings: [], digests: [digest(lane, 0)] };
  for (const [i, [buttons, sticks]] of frames.entries()) {
    const { reward, terminated, truncated } = lane.frame(buttons, sticks);
    played.rewards.push(reward);
    played.endings.push([terminated, truncated]);
    if (i % 4 === 3 || terminated || truncated) played.digests.push(digest(lane, played.digests.length));
    if (terminated || truncated) break;
  }
  return played;
});
process.stdout.write(JSON.stringify(results));
