//! Big primes, sought in small steps: between steps other requests of the instance run, and no CPU bound of the host is met.

use num_bigint_dig::BigUint;
use num_bigint_dig::prime::probably_prime;
use spin_sdk::wasip3::random::random::get_random_bytes;

/// Rounds of Miller and Rabin for a random candidate of 1024 bits (FIPS 186-5, table B.1 asks for 4), besides a Lucas test.
const ROUNDS: usize = 8;
/// Candidates looked at before giving way.
const CANDIDATES_PER_STEP: u32 = 8;
const STEP_PAUSE: std::time::Duration = std::time::Duration::from_millis(1);
const SMALL_PRIMES: [u32; 24] =
    [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97];

/// A random prime of `bytes` bytes whose two highest bits are set, so that a product of two has full length.
pub(crate) async fn random_prime(bytes: u64) -> BigUint {
    let mut looked_at = 0;
    loop {
        let candidate = candidate(bytes);
        if SMALL_PRIMES.iter().any(|prime| is_multiple(&candidate, *prime)) {
            continue;
        }
        if probably_prime(&candidate, ROUNDS) {
            return candidate;
        }
        looked_at += 1;
        if looked_at % CANDIDATES_PER_STEP == 0 {
            spin_sdk::time::sleep(STEP_PAUSE).await;
        }
    }
}

fn candidate(bytes: u64) -> BigUint {
    let mut digits = get_random_bytes(bytes);
    if let Some(first) = digits.first_mut() {
        *first |= 0b1100_0000;
    }
    if let Some(last) = digits.last_mut() {
        *last |= 1;
    }
    BigUint::from_bytes_be(&digits)
}

fn is_multiple(candidate: &BigUint, prime: u32) -> bool {
    candidate % prime == BigUint::from(0_u32)
}
