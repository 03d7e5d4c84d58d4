//! How a handler fails: a public problem, and, kept apart, a diagnosis that only the log sees.

use std::{cell::RefCell, fmt};

use wire::{Code, Problem, PublicFace};

/// Seconds a client should wait when a store is away.
const RETRY_AFTER_S: u32 = 1;

/// A refusal or a fault. Every [`PublicFace`] becomes one through `?`.
pub struct Failure {
    problem: Problem,
    diagnosis: Option<Diagnosis>,
}

/// What happened inside. It has no way into an answer: nothing serialises it.
struct Diagnosis(String);

thread_local! {
    /// The outage that was told last and is not known to be over.
    static OUTAGE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Says that a store answered: the next outage is worth a line again.
pub(crate) fn recovered() {
    OUTAGE.set(None);
}

/// Bytes of a diagnosis that are logged at most.
const DIAGNOSIS_BYTES_MAX: usize = 2_000;

impl<E: PublicFace> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { problem: error.problem(), diagnosis: None }
    }
}

impl Failure {
    /// Our bug or a broken promise of a neighbour: 500 for the client, the diagnosis for the log.
    #[must_use]
    pub fn fault(diagnosis: impl fmt::Display) -> Self {
        Self { problem: Code::Common500.into(), diagnosis: Some(Diagnosis(diagnosis.to_string())) }
    }

    /// A store is away: 503 and `Retry-After` for the client, the diagnosis for the log.
    #[must_use]
    pub fn unavailable(diagnosis: impl fmt::Display) -> Self {
        let problem = Problem::from(Code::Common503).retry_after(RETRY_AFTER_S);
        Self { problem, diagnosis: Some(Diagnosis(diagnosis.to_string())) }
    }

    /// Adds what the log should say to a refusal whose public text says less.
    #[must_use]
    pub fn because(mut self, diagnosis: impl fmt::Display) -> Self {
        self.diagnosis = Some(Diagnosis(diagnosis.to_string()));
        self
    }

    /// What the client is told.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Writes one line to the component's log when there is a diagnosis; an outage that goes on is not told again.
    pub(crate) fn log(&self, request_id: &str) {
        let Some(Diagnosis(diagnosis)) = &self.diagnosis else { return };
        let code = self.problem.code();
        let outage = code == Code::Common503;
        if outage && OUTAGE.with_borrow(|told| told.as_ref() == Some(diagnosis)) {
            return;
        }
        if outage {
            OUTAGE.set(Some(diagnosis.clone()));
        }
        let level = if code.status() >= 500 { "error" } else { "info" };
        let mut end = diagnosis.len().min(DIAGNOSIS_BYTES_MAX);
        while !diagnosis.is_char_boundary(end) {
            end -= 1;
        }
        let line = diagnosis[..end].replace(char::is_control, " ");
        eprintln!("level={level} request_id={request_id} code={} diagnosis={line:?}", code.as_str());
    }
}
