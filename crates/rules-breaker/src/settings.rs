//! When a breaker opens and how it finds back.

/// Calls in the window at most: what a shared snapshot has to carry.
const WINDOW_CALLS_MAX: u32 = 1_000;

/// Windows, thresholds and waits of one breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Calls that count: the last so many …
    pub window_calls: u32,
    /// … of the last so many milliseconds.
    pub window_ms: u32,
    /// Below so many calls in the window no rate is computed.
    pub calls_min: u32,
    /// Opens at so many failed calls in a hundred.
    pub failure_percent: u32,
    /// Opens at so many slow calls in a hundred.
    pub slow_percent: u32,
    /// A call is slow when it takes longer.
    pub slow_ms: u32,
    /// Milliseconds it stays open before it tries.
    pub open_ms: u32,
    /// Calls it tries with.
    pub trials: u32,
    /// Milliseconds after which a trial that was never reported is given to somebody else.
    pub trial_ms: u32,
}

/// Settings that make no sense together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettingsFault;

impl Settings {
    /// What holds where nothing else is said.
    pub const DEFAULT: Self = Self {
        window_calls: 100,
        window_ms: 60_000,
        calls_min: 5,
        failure_percent: 50,
        slow_percent: 50,
        slow_ms: 2_000,
        open_ms: 30_000,
        trials: 3,
        trial_ms: 30_000,
    };

    /// For payment providers: slower to judge, longer to wait.
    pub const PROVIDER: Self = Self { calls_min: 10, open_ms: 60_000, trials: 5, ..Self::DEFAULT };

    /// Holds the relations between the numbers.
    ///
    /// # Errors
    /// When a count, a wait or a percentage is none.
    pub const fn check(self) -> Result<Self, SettingsFault> {
        let windows = self.window_calls >= 1 && self.window_calls <= WINDOW_CALLS_MAX && self.window_ms >= 1;
        let calls = self.calls_min >= 1 && self.calls_min <= self.window_calls;
        let percents = self.failure_percent >= 1
            && self.failure_percent <= 100
            && self.slow_percent >= 1
            && self.slow_percent <= 100;
        let waits = self.open_ms >= 1 && self.trials >= 1 && self.trial_ms >= 1;
        if windows && calls && percents && waits { Ok(self) } else { Err(SettingsFault) }
    }
}

const _: () = assert!(Settings::DEFAULT.check().is_ok() && Settings::PROVIDER.check().is_ok());
