//! What a connection is doing: when its request began to arrive, when its answer moved last, since when it rests.

use crate::streams::Progress;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What one connection is doing, seen from its task; times are milliseconds since the connection began, plus one.
#[derive(Debug)]
pub(crate) struct Activity {
    began: Instant,
    heads: Heads,
    requests_open: AtomicUsize,
    head_since: AtomicU64,
    idle_since: AtomicU64,
    write_blocked_since: AtomicU64,
    answer_awaited_since: AtomicU64,
}

/// Whether bytes between requests are the beginning of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heads {
    /// HTTP/1.1: they are.
    Watched,
    /// HTTP/2: they may be frames that belong to no request.
    Unwatched,
}

/// Why a connection should end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overdue {
    /// A request's head takes too long to arrive.
    Head,
    /// No request for too long.
    Idle,
    /// The client does not take its answer, or the component does not go on with it.
    Answer,
}

impl Activity {
    /// `heads`: whether bytes between requests can only be a new request's head, as on HTTP/1.1.
    pub(crate) fn new(heads: Heads) -> Arc<Self> {
        Self::began(Instant::now(), heads, 0)
    }

    /// A connection of HTTP/1.1 whose first request began to arrive at `began`.
    pub(crate) fn in_a_head(began: Instant) -> Arc<Self> {
        Self::began(began, Heads::Watched, 1)
    }

    fn began(began: Instant, heads: Heads, head_since: u64) -> Arc<Self> {
        Arc::new(Activity {
            began,
            heads,
            requests_open: AtomicUsize::new(0),
            head_since: AtomicU64::new(head_since),
            idle_since: AtomicU64::new(1),
            write_blocked_since: AtomicU64::new(0),
            answer_awaited_since: AtomicU64::new(0),
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
    }

    /// A request's head is complete.
    pub(crate) fn request_began(self: &Arc<Self>) -> OpenRequest {
        self.requests_open.fetch_add(1, Ordering::AcqRel);
        self.head_since.store(0, Ordering::Release);
        OpenRequest { activity: self.clone(), progress: None }
    }

    /// Requests whose answers are not yet sent whole.
    pub(crate) fn requests_open(&self) -> usize {
        self.requests_open.load(Ordering::Acquire)
    }

    /// The client sent something.
    pub(crate) fn bytes_arrived(&self) {
        let between = self.heads == Heads::Watched && self.requests_open() == 0;
        if between && self.head_since.load(Ordering::Acquire) == 0 {
            self.head_since.store(self.now(), Ordering::Release);
        }
    }

    /// The client takes no more (`blocked`), or took something.
    pub(crate) fn note_write(&self, blocked: bool) {
        note_since(&self.write_blocked_since, self, blocked);
    }

    /// What is overdue by these bounds.
    pub(crate) fn overdue(&self, head: Duration, answer: Duration, idle: Duration) -> Option<Overdue> {
        let now = self.now();
        let older =
            |since: u64, bound: Duration| since != 0 && u128::from(now - since.min(now)) >= bound.as_millis();
        if older(self.write_blocked_since.load(Ordering::Acquire), answer)
            || older(self.answer_awaited_since.load(Ordering::Acquire), answer)
        {
            return Some(Overdue::Answer);
        }
        if self.requests_open() > 0 {
            return None;
        }
        match self.head_since.load(Ordering::Acquire) {
            0 => older(self.idle_since.load(Ordering::Acquire), idle).then_some(Overdue::Idle),
            since => older(since, head).then_some(Overdue::Head),
        }
    }
}

/// Held by a request from its head to the last byte of its answer.
pub(crate) struct OpenRequest {
    activity: Arc<Activity>,
    /// On HTTP/2, where one connection carries many answers, each has its own.
    progress: Option<Progress>,
}

impl OpenRequest {
    /// The request is one of many on its connection.
    pub(crate) fn on_stream(mut self, progress: Option<Progress>) -> Self {
        self.progress = progress;
        self
    }

    /// A piece of the answer's body was made (`true`), or is waited for.
    pub(crate) fn note_answer(&self, moved: bool) {
        match &self.progress {
            Some(progress) if moved => progress.note(),
            Some(_) => {}
            None => note_since(&self.activity.answer_awaited_since, &self.activity, !moved),
        }
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.note_answer(true);
        self.activity.idle_since.store(self.activity.now(), Ordering::Release);
        self.activity.requests_open.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Keeps the moment since which something waits.
fn note_since(since: &AtomicU64, activity: &Activity, waits: bool) {
    if !waits {
        since.store(0, Ordering::Release);
    } else if since.load(Ordering::Acquire) == 0 {
        since.store(activity.now(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_that_dribbles_is_overdue_but_a_resting_connection_is_not() {
        let activity = Activity::new(Heads::Watched);
        let (head, long) = (Duration::from_millis(0), Duration::from_secs(60));
        assert_eq!(activity.overdue(head, long, long), None);
        activity.bytes_arrived();
        assert_eq!(activity.overdue(head, long, long), Some(Overdue::Head));
        let open = activity.request_began();
        assert_eq!(activity.overdue(head, long, long), None);
        drop(open);
        assert_eq!(activity.overdue(head, long, Duration::ZERO), Some(Overdue::Idle));
    }

    #[test]
    fn a_head_that_began_before_it_was_watched_is_overdue_from_its_first_byte() {
        let bound = Duration::from_secs(5);
        let began = Instant::now().checked_sub(bound).unwrap();
        assert_eq!(Activity::in_a_head(began).overdue(bound, bound, bound), Some(Overdue::Head));
        let activity = Activity::in_a_head(began);
        activity.bytes_arrived();
        assert_eq!(
            activity.overdue(bound, bound, bound),
            Some(Overdue::Head),
            "a later byte changes nothing"
        );
    }

    #[test]
    fn an_answer_that_stands_still_is_overdue_until_its_next_piece() {
        let activity = Activity::new(Heads::Watched);
        let long = Duration::from_secs(60);
        let open = activity.request_began();
        assert_eq!(activity.overdue(long, Duration::ZERO, long), None, "the head has a bound of its own");
        open.note_answer(false);
        assert_eq!(activity.overdue(long, Duration::ZERO, long), Some(Overdue::Answer));
        open.note_answer(true);
        assert_eq!(activity.overdue(long, Duration::ZERO, long), None);
        open.note_answer(false);
        drop(open);
        assert_eq!(activity.overdue(long, Duration::ZERO, long), None);
    }
}
