-- The contest's reward: 9000 for the whole way from the level's start to its end, paid by the pixel and taken back on
-- the way left, and up to 1000 for being quick. An episode is over on a lost life or at the level's end.
--
-- Both ends of the way and the frame count are the game's own (see data.json): no table of levels is needed, and the
-- bonus is right even if the emulator plays several frames between two calls.

local PROGRESS_REWARD = 9000
local TIME_BONUS = 1000
local FRAME_LIMIT = 18000

local function clip(value, low, high)
    return math.max(low, math.min(high, value))
end

local function progress()
    local way = data.end_x - data.start_x
    if way <= 0 then -- switched on, and no level made yet
        return 0
    end
    return clip((data.x - data.start_x) / way, 0, 1)
end

local previous_progress = 0
local previous_lives = nil

function contest_reward()
    local now = progress()
    local reward = (now - previous_progress) * PROGRESS_REWARD
    previous_progress = now
    if now >= 1 then
        reward = reward + (1 - clip(data.frame / FRAME_LIMIT, 0, 1)) * TIME_BONUS
    end
    return reward
end

function contest_done()
    local lost = previous_lives ~= nil and data.lives < previous_lives
    previous_lives = data.lives
    return lost or progress() >= 1
end
