//! Cases of [`super`]: which standing allows what.

use proptest::prelude::*;

use super::*;

fn any_stage() -> impl Strategy<Value = Stage> {
    prop::sample::select(vec![Stage::Open, Stage::Closed])
}

fn any_participation() -> impl Strategy<Value = Participation> {
    prop::sample::select(vec![Participation::None, Participation::Joined, Participation::Submitted])
}

#[test]
fn names_of_the_database_are_read_and_others_are_refused() {
    assert_eq!(Stage::parse("OPEN"), Ok(Stage::Open));
    assert_eq!(Stage::parse("CLOSED"), Ok(Stage::Closed));
    assert_eq!(Stage::parse("open"), Err(UnknownState));
    for participation in [Participation::None, Participation::Joined, Participation::Submitted] {
        assert_eq!(Participation::parse(participation.name()), Ok(participation));
    }
    assert_eq!(Participation::parse(""), Err(UnknownState));
}

#[test]
fn every_refusal_has_a_word_of_its_own() {
    let words: std::collections::HashSet<_> = Refusal::ALL.into_iter().map(Refusal::word).collect();
    assert_eq!(words.len(), Refusal::ALL.len());
}

#[test]
fn only_before_the_start_may_a_participant_leave() {
    assert_eq!(leave(Stage::Open, Participation::Joined, false), Ok(()));
    assert_eq!(leave(Stage::Open, Participation::Joined, true), Err(Refusal::Started));
    assert_eq!(leave(Stage::Open, Participation::Submitted, false), Err(Refusal::AlreadySubmitted));
    assert_eq!(leave(Stage::Open, Participation::None, false), Err(Refusal::NotParticipant));
}

#[test]
fn an_unknown_question_is_named_before_a_missing_answer() {
    let standing = SubmitStanding {
        stage: Stage::Open,
        participation: Participation::Joined,
        questions: 5,
        questions_answered: 4,
        answers: 5,
    };
    assert_eq!(standing.verdict(), Err(Refusal::NoSuchQuestion));
    assert_eq!(SubmitStanding { answers: 4, ..standing }.verdict(), Err(Refusal::AnswersMissing));
    assert_eq!(SubmitStanding { questions_answered: 5, ..standing }.verdict(), Ok(()));
}

#[test]
fn a_submission_is_taken_back_until_reveal_analysis_or_close() {
    let standing = TakeBackStanding {
        stage: Stage::Open,
        participation: Participation::Submitted,
        revealed: false,
        analysed: false,
    };
    assert_eq!(standing.verdict(), Ok(()));
    assert_eq!(TakeBackStanding { revealed: true, ..standing }.verdict(), Err(Refusal::Revealed));
    assert_eq!(TakeBackStanding { analysed: true, ..standing }.verdict(), Err(Refusal::Analysed));
    assert_eq!(TakeBackStanding { stage: Stage::Closed, ..standing }.verdict(), Err(Refusal::Closed));
    let not_yet = TakeBackStanding { participation: Participation::Joined, ..standing };
    assert_eq!(not_yet.verdict(), Err(Refusal::NothingSubmitted));
}

proptest! {
    #[test]
    fn a_closed_retrospect_takes_nothing(participation in any_participation(), started: bool) {
        prop_assert!(participate(Stage::Closed, participation).is_err());
        prop_assert!(leave(Stage::Closed, participation, started).is_err());
        prop_assert!(draft(Stage::Closed, participation).is_err());
    }

    #[test]
    fn a_submission_passes_only_when_every_question_is_answered_and_no_other(
        stage in any_stage(), participation in any_participation(),
        questions in 1_u32..=10, known in 0_u32..=10, unknown in 0_u32..=3,
    ) {
        let questions_answered = known.min(questions);
        let standing =
            SubmitStanding { stage, participation, questions, questions_answered, answers: questions_answered + unknown };
        let expected = draft(stage, participation).is_ok() && unknown == 0 && questions_answered == questions;
        prop_assert_eq!(standing.verdict().is_ok(), expected);
    }

    #[test]
    fn who_does_not_take_part_changes_nothing(stage in any_stage(), started: bool, revealed: bool, analysed: bool) {
        let participation = Participation::None;
        prop_assert_eq!(draft(stage, participation), Err(Refusal::NotParticipant));
        prop_assert_eq!(leave(stage, participation, started), Err(Refusal::NotParticipant));
        let back = TakeBackStanding { stage, participation, revealed, analysed };
        prop_assert_eq!(back.verdict(), Err(Refusal::NotParticipant));
    }
}
