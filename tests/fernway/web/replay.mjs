// Plays courses with the page's own game and says what came of them: node replay.mjs FOLDER < courses.json
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const { Game, Lane } = await import(pathToFileURL(`${folder}/game.js`));
const game = await Game.load(readFileSync(`${folder}/game.wasm`), JSON.parse(readFileSync(`${folder}/network.json`)).vision);

function digest(lane) {
  return createHash("sha1").update(lane.memory()).update(lane.picture()).update(lane.seen).digest("hex");
}

const results = JSON.parse(readFileSync(0)).map(({ level, frames }) => {
  const lane = new Lane(game);
  lane.begin(level);
  const played = { rewards: [], endings: [], digests: [digest(lane)] };
  for (const [i, [buttons, sticks]] of frames.entries()) {
    const { reward, terminated, truncated } = lane.frame(buttons, sticks);
    played.rewards.push(reward);
    played.endings.push([terminated, truncated]);
    if (i % 4 === 3 || terminated || truncated) played.digests.push(digest(lane));
    if (terminated || truncated) break;
  }
  return played;
});
process.stdout.write(JSON.stringify(results));
