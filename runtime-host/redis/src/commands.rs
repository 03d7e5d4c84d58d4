//! Which commands may travel over a connection that others use too.
//!
//! An allow-list: a command that is not in it (of a module, of a newer server, misspelt) gets a connection of its
//! own, which is always right and only costs a connection. In the list is what neither depends on the connection's
//! state, nor changes it, nor keeps the connection waiting, nor answers with more or fewer than one reply.

/// Over which connection a command is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// One that the whole app shares.
    Shared,
    /// One of the session's own.
    Dedicated,
}

/// The route of `command` (in upper or lower case) with `arguments`.
pub fn route<'a>(command: &str, mut arguments: impl Iterator<Item = &'a [u8]>) -> Route {
    let mut upper = [0; COMMAND_BYTES_MAX];
    let Some(upper) = upper.get_mut(..command.len()) else { return Route::Dedicated };
    upper.copy_from_slice(command.as_bytes());
    upper.make_ascii_uppercase();
    let blocks = match &*upper {
        b"XREAD" | b"XREADGROUP" => arguments.any(|argument| argument.eq_ignore_ascii_case(b"BLOCK")),
        b"SCRIPT" => arguments.next().is_none_or(|subcommand| subcommand.eq_ignore_ascii_case(b"DEBUG")),
        _ => false,
    };
    if blocks || SHARED.binary_search_by(|known| known.as_bytes().cmp(upper)).is_err() {
        return Route::Dedicated;
    }
    Route::Shared
}

const COMMAND_BYTES_MAX: usize = 24;

/// Sorted. Redis 7's commands without: connection state (AUTH, CLIENT, HELLO, MULTI, SELECT, WATCH, …), subscriptions,
/// blocking ones (BLPOP, WAIT, …), replication, and what stops or stalls the server (DEBUG, MIGRATE, SAVE, SHUTDOWN, …).
#[rustfmt::skip]
const SHARED: &[&str] = &[
    "ACL", "APPEND", "BITCOUNT", "BITFIELD", "BITFIELD_RO", "BITOP", "BITPOS", "CLUSTER", "COMMAND", "CONFIG", "COPY",
    "DBSIZE", "DECR", "DECRBY", "DEL", "DUMP", "ECHO", "EVAL", "EVALSHA", "EVALSHA_RO", "EVAL_RO", "EXISTS", "EXPIRE",
    "EXPIREAT", "EXPIRETIME", "FCALL", "FCALL_RO", "FLUSHALL", "FLUSHDB", "FUNCTION", "GEOADD", "GEODIST", "GEOHASH",
    "GEOPOS", "GEORADIUS", "GEORADIUSBYMEMBER", "GEORADIUSBYMEMBER_RO", "GEORADIUS_RO", "GEOSEARCH", "GEOSEARCHSTORE",
    "GET", "GETBIT", "GETDEL", "GETEX", "GETRANGE", "GETSET", "HDEL", "HEXISTS", "HEXPIRE", "HGET", "HGETALL",
    "HINCRBY", "HINCRBYFLOAT", "HKEYS", "HLEN", "HMGET", "HMSET", "HPERSIST", "HRANDFIELD", "HSCAN", "HSET", "HSETNX",
    "HSTRLEN", "HTTL", "HVALS", "INCR", "INCRBY", "INCRBYFLOAT", "INFO", "KEYS", "LASTSAVE", "LATENCY", "LCS",
    "LINDEX", "LINSERT", "LLEN", "LMOVE", "LMPOP", "LOLWUT", "LPOP", "LPOS", "LPUSH", "LPUSHX", "LRANGE", "LREM",
    "LSET", "LTRIM", "MEMORY", "MGET", "MODULE", "MOVE", "MSET", "MSETNX", "OBJECT", "PERSIST", "PEXPIRE",
    "PEXPIREAT", "PEXPIRETIME", "PFADD", "PFCOUNT", "PFMERGE", "PING", "PSETEX", "PTTL", "PUBLISH", "PUBSUB",
    "RANDOMKEY", "RENAME", "RENAMENX", "RESTORE", "ROLE", "RPOP", "RPOPLPUSH", "RPUSH", "RPUSHX", "SADD", "SCAN",
    "SCARD", "SCRIPT", "SDIFF", "SDIFFSTORE", "SET", "SETBIT", "SETEX", "SETNX", "SETRANGE", "SINTER", "SINTERCARD",
    "SINTERSTORE", "SISMEMBER", "SLOWLOG", "SMEMBERS", "SMISMEMBER", "SMOVE", "SORT", "SORT_RO", "SPOP", "SPUBLISH",
    "SRANDMEMBER", "SREM", "SSCAN", "STRLEN", "SUBSTR", "SUNION", "SUNIONSTORE", "SWAPDB", "TIME", "TOUCH", "TTL",
    "TYPE", "UNLINK", "XACK", "XADD", "XAUTOCLAIM", "XCLAIM", "XDEL", "XGROUP", "XINFO", "XLEN", "XPENDING", "XRANGE",
    "XREAD", "XREADGROUP", "XREVRANGE", "XSETID", "XTRIM", "ZADD", "ZCARD", "ZCOUNT", "ZDIFF", "ZDIFFSTORE",
    "ZINCRBY", "ZINTER", "ZINTERCARD", "ZINTERSTORE", "ZLEXCOUNT", "ZMPOP", "ZMSCORE", "ZPOPMAX", "ZPOPMIN",
    "ZRANDMEMBER", "ZRANGE", "ZRANGEBYLEX", "ZRANGEBYSCORE", "ZRANGESTORE", "ZRANK", "ZREM", "ZREMRANGEBYLEX",
    "ZREMRANGEBYRANK", "ZREMRANGEBYSCORE", "ZREVRANGE", "ZREVRANGEBYLEX", "ZREVRANGEBYSCORE", "ZREVRANK", "ZSCAN",
    "ZSCORE", "ZUNION", "ZUNIONSTORE",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn route_of(line: &str) -> Route {
        let mut words = line.split(' ');
        route(words.next().unwrap(), words.map(str::as_bytes))
    }

    #[test]
    fn the_list_is_sorted_and_fits_its_bound() {
        assert!(SHARED.is_sorted());
        assert!(SHARED.iter().all(|name| name.len() <= COMMAND_BYTES_MAX));
    }

    #[test]
    fn everyday_commands_are_shared_in_any_case() {
        for line in
            ["GET k", "get k", "Set k v", "EVALSHA abc 0", "XADD s * a b", "ZADD z 1 m", "SCRIPT LOAD x"]
        {
            assert_eq!(route_of(line), Route::Shared, "{line}");
        }
    }

    #[test]
    fn what_keeps_state_or_blocks_gets_a_connection_of_its_own() {
        for line in [
            "AUTH p",
            "ASKING",
            "BLMPOP 0 1 k LEFT",
            "BLPOP k 0",
            "BRPOP k 0",
            "BZPOPMIN k 0",
            "CLIENT ID",
            "DISCARD",
            "EXEC",
            "HELLO 3",
            "MONITOR",
            "MULTI",
            "PSUBSCRIBE *",
            "QUIT",
            "READONLY",
            "RESET",
            "SELECT 1",
            "SSUBSCRIBE c",
            "SUBSCRIBE c",
            "UNSUBSCRIBE",
            "UNWATCH",
            "WAIT 1 0",
            "WATCH k",
            "watch k",
        ] {
            assert_eq!(route_of(line), Route::Dedicated, "{line}");
        }
    }

    #[test]
    fn reading_a_stream_is_shared_unless_it_waits() {
        assert_eq!(route_of("XREAD COUNT 2 STREAMS s 0"), Route::Shared);
        assert_eq!(route_of("XREAD block 100 STREAMS s $"), Route::Dedicated);
        assert_eq!(route_of("xreadgroup GROUP g c BLOCK 0 STREAMS s >"), Route::Dedicated);
    }

    #[test]
    fn unknown_and_overlong_commands_get_a_connection_of_their_own() {
        for line in ["", "JSON.GET k", "GETT k", "SCRIPT", "SCRIPT debug YES", &"X".repeat(100)] {
            assert_eq!(route_of(line), Route::Dedicated, "{line}");
        }
    }
}
