"""What must not be interrupted by another client, as scripts that run inside Redis.

A script runs alone, so no other writer comes between the look at what is stored and the write:
two builders, or a `feast materialize` beside a builder, leave the newest row whoever is first;
and a view's deletion takes no other view's row along that is written meanwhile.

A row is written if its event time is later than the stored one, or the same and its created time
not earlier; also if nothing is stored, or if one of two equal event times has no created time.
Event times are compared as the `Timestamp` messages that Feast's clients write, to the nanosecond.
"""

from __future__ import annotations

import hashlib

# KEYS: the hash of each row, one for every row. ARGV: the keys' lifetime in seconds, 0 for none;
# how many kinds of rows there are, and for each kind how many fields it has and their names, that
# of the created time first, then that of the event time. Then, since a few long arguments cost
# much less than many short ones: numbers of four bytes, little-endian, which are for each row its
# kind, the size of all its values and that of each; and the values of all rows on end (an empty
# created time: there is none).
WRITE_NEWER = b"""
local byte, sub, call, min, unpack = string.byte, string.sub, redis.call, math.min, unpack
local FIELDS_A_CALL = 4000  -- Lua hands over no more than 8000 values at once

-- Seconds of a serialized Timestamp with five digits of 7 bits (1978 to 3058), all plus a constant.
local function usual_seconds(payload)
  local tag, a, b, c, d, e = byte(payload, 1, 6)
  if tag == 8 and e and a > 127 and b > 127 and c > 127 and d > 127 and e < 128 then
    return a + b * 128 + c * 16384 + d * 2097152 + e * 268435456
  end
end

-- Seconds and nanoseconds of any serialized Timestamp; nil if it is none.
local function instant(payload)
  local seconds, nanos, at, size = 0, 0, 1, #payload
  while at < size do
    local tag, value, scale, digits, digit = byte(payload, at), 0, 1, 0, nil
    repeat
      at, digits = at + 1, digits + 1
      digit = byte(payload, at)
      if not digit then return nil end
      -- Seven digits hold every second that there is; those above only repeat the sign.
      if digits < 8 then
        value, scale = value + digit % 128 * scale, scale * 128
      end
    until digit < 128
    if digits == 10 then value = value - scale end
    if tag == 8 then seconds = value elseif tag == 16 then nanos = value else return nil end
    at = at + 1
  end
  return seconds, nanos
end

-- Whether the first of two counts of microseconds, in digits, is less. Lua's numbers alone are
-- exact for 285 years around 1970.
local function earlier(one, other)
  local a, b = tonumber(one), tonumber(other)
  if not a or not b then return false end
  if a ~= b or one == other then return a < b end
  if #one ~= #other then return (#one < #other) == (a > 0) end
  return (one < other) == (a > 0)
end

local function is_newer(key, created_field, created, event_field, event)
  local stored = call('HGET', key, event_field)
  if not stored then return true, false end
  if stored ~= event then
    local usual, new_usual = usual_seconds(stored), usual_seconds(event)
    if usual and new_usual and usual ~= new_usual then return new_usual > usual, true end
    local seconds, nanos = instant(stored)
    if not seconds then return true, true end
    local new_seconds, new_nanos = instant(event)
    if seconds ~= new_seconds then return new_seconds > seconds, true end
    if nanos ~= new_nanos then return new_nanos > nanos, true end
  end
  if created == '' then return true, true end
  local stored_created = call('HGET', key, created_field)
  return not stored_created or not earlier(created, stored_created), true
end

-- Names and values in turn, as HSET takes them; the values are put in row by row.
local lifetime, at, kinds = tonumber(ARGV[1]), 3, {}
for kind = 1, tonumber(ARGV[2]) do
  local count, fields = tonumber(ARGV[at]), {}
  for n = 1, count do
    fields[2 * n - 1], fields[2 * n] = ARGV[at + n], ''
  end
  kinds[kind] = {count = count, fields = fields}
  at = at + 1 + count
end

local numbers, values = ARGV[at], ARGV[at + 1]

local function number(from)
  local a, b, c, d = byte(numbers, from, from + 3)
  return a + b * 256 + c * 65536 + d * 16777216
end

-- Where a row's numbers and values begin.
local from, start, written = 1, 1, 0
for row = 1, #KEYS do
  local key, kind = KEYS[row], kinds[number(from)]
  local fields, count, next_start = kind.fields, kind.count, start + number(from + 4)
  from = from + 8
  local after_created = start + number(from)
  local created = sub(values, start, after_created - 1)
  local event = sub(values, after_created, after_created + number(from + 4) - 1)
  local newer, stored = is_newer(key, fields[1], created, fields[3], event)
  if newer then
    for n = 1, count do
      local a, b, c, d = byte(numbers, from + 4 * n - 4, from + 4 * n - 1)
      local stop = start + a + b * 256 + c * 65536 + d * 16777216
      fields[2 * n] = sub(values, start, stop - 1)
      start = stop
    end
    local first = 1
    if created == '' then
      first = 3
      if stored then call('HDEL', key, fields[1]) end
    end
    for part = first, 2 * count, FIELDS_A_CALL do
      call('HSET', key, unpack(fields, part, min(part + FIELDS_A_CALL - 1, 2 * count)))
    end
    if lifetime > 0 then call('EXPIRE', key, lifetime) end
    written = written + 1
  end
  from, start = from + 4 * count, next_start
end
return written
"""

# KEYS and ARGV as above, but each kind has all fields of its view. A row of the kind 0 says what
# there is not: behind it stand how many views, and which kinds these are; their fields go.
REPLACE_VIEW = b"""
local byte, sub, call, min, unpack = string.byte, string.sub, redis.call, math.min, unpack
local FIELDS_A_CALL = 4000

local function has_views(key)
  for _, field in ipairs(call('HKEYS', key)) do
    if sub(field, 1, 4) == '_ts:' then return true end
  end
  return false
end

local lifetime, at, kinds = tonumber(ARGV[1]), 3, {}
for kind = 1, tonumber(ARGV[2]) do
  local count = tonumber(ARGV[at])
  local names, fields = {}, {}
  for n = 1, count do
    names[n] = ARGV[at + n]
    fields[2 * n - 1], fields[2 * n] = ARGV[at + n], ''
  end
  kinds[kind] = {count = count, names = names, fields = fields}
  at = at + 1 + count
end

local numbers, values = ARGV[at], ARGV[at + 1]

local function number(from)
  local a, b, c, d = byte(numbers, from, from + 3)
  return a + b * 256 + c * 65536 + d * 16777216
end

local function remove(key, views, from)
  local deleted = 0
  for view = 0, views - 1 do
    local kind = kinds[number(from + 4 * view)]
    for part = 1, kind.count, FIELDS_A_CALL do
      local last = min(part + FIELDS_A_CALL - 1, kind.count)
      deleted = deleted + call('HDEL', key, unpack(kind.names, part, last))
    end
  end
  if deleted > 0 and not has_views(key) then call('DEL', key) end
end

local from, start, written, previous, is_new = 1, 1, 0, nil, false
for row = 1, #KEYS do
  local key, place, size = KEYS[row], number(from), number(from + 4)
  from = from + 8
  if key ~= previous then
    local found = call('TYPE', key).ok
    is_new = found == 'none'
    -- Whatever has taken the key's place gives way.
    if not is_new and found ~= 'hash' then call('DEL', key) end
    previous = key
  end
  if place == 0 then
    if not is_new then remove(key, size, from) end
    from = from + 4 * size
  else
    local count, fields = kinds[place].count, kinds[place].fields
    for n = 1, count do
      local stop = start + number(from + 4 * n - 4)
      fields[2 * n] = sub(values, start, stop - 1)
      start = stop
    end
    for part = 1, 2 * count, FIELDS_A_CALL do
      call('HSET', key, unpack(fields, part, min(part + FIELDS_A_CALL - 1, 2 * count)))
    end
    if lifetime > 0 then call('EXPIRE', key, lifetime) end
    written, from, is_new = written + 1, from + 4 * count, false
  end
end
return written
"""

# KEYS: hashes. ARGV: the fields of a view, that of its event time first.
DELETE_VIEW = b"""
local call, min, unpack = redis.call, math.min, unpack
local FIELDS_A_CALL = 4000

local function has_views(key)
  for _, field in ipairs(call('HKEYS', key)) do
    if string.sub(field, 1, 4) == '_ts:' then return true end
  end
  return false
end

local deleted = 0
for _, key in ipairs(KEYS) do
  if call('HEXISTS', key, ARGV[1]) == 1 then
    for from = 1, #ARGV, FIELDS_A_CALL do
      call('HDEL', key, unpack(ARGV, from, min(from + FIELDS_A_CALL - 1, #ARGV)))
    end
    -- What is left belongs to nobody then: fields of features that the view once had.
    if not has_views(key) then call('DEL', key) end
    deleted = deleted + 1
  end
end
return deleted
"""


def sha_of(script: bytes) -> bytes:
    """Return what Redis calls a script once it has it."""
    return hashlib.sha1(script, usedforsecurity=False).hexdigest().encode()
