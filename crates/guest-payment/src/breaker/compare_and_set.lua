-- KEYS[1]: a hash of v (version) and s (snapshot). ARGV: the version it must have (0: none), the new snapshot, its life in ms.
local version = redis.call('HGET', KEYS[1], 'v') or '0'
if version == ARGV[1] then
    redis.call('HSET', KEYS[1], 'v', string.format('%d', tonumber(version) + 1), 's', ARGV[2])
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
    return {1, '', ''}
end
return {0, version, redis.call('HGET', KEYS[1], 's') or ''}
