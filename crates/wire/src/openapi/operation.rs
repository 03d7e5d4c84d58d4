//! What one row of a table says about an operation, and the words to say it.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::Code;

/// Makes the schema of a type.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    Anyone,
    /// With a member's access token.
    Member,
    /// With a merchant's signature.
    Merchant,
    /// As [`Caller::Merchant`], or unsigned where that is switched on.
    StepClient,
    /// With an operator's signature.
    Operator,
}

/// How an answer is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `{isSuccess, code, message, result}`, refusals as well.
    Envelope,
    /// The body is the result; refusals are those of the step API.
    Bare,
    /// The body is the result; refusals are in the envelope.
    BareResult,
}

/// What a success is.
#[derive(Clone, Copy)]
pub(super) enum Answer {
    /// JSON of this type.
    Json(SchemaOf),
    /// In the envelope, with a null result.
    Nothing,
    /// Text of this media type.
    Text(&'static str),
    /// A document that is JSON and describes itself.
    AnyJson,
    /// A redirect (302).
    Redirect,
}

/// A query parameter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) required: bool,
    pub(super) about: &'static str,
}

/// A request's body.
#[derive(Clone, Copy)]
pub(super) enum Body {
    Json(SchemaOf),
    /// As [`Body::Json`], or none at all.
    JsonOrNothing(SchemaOf),
    /// Of this media type.
    Text(&'static str),
}

/// One operation.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) route: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) caller: Caller,
    pub(super) shape: Shape,
    pub(super) query: Vec<Query>,
    pub(super) body: Option<Body>,
    pub(super) idempotent: bool,
    pub(super) answer: Answer,
    pub(super) refusals: Vec<Code>,
}

/// What all operations of a domain have in common.
#[derive(Clone, Copy)]
pub(super) struct Domain {
    pub(super) tag: &'static str,
    pub(super) caller: Caller,
    pub(super) shape: Shape,
}

impl Domain {
    pub(super) fn get(self, route: &'static str, summary: &'static str) -> Operation {
        self.operation("get", route, summary)
    }

    pub(super) fn post(self, route: &'static str, summary: &'static str) -> Operation {
        self.operation("post", route, summary)
    }

    pub(super) fn put(self, route: &'static str, summary: &'static str) -> Operation {
        self.operation("put", route, summary)
    }

    pub(super) fn patch(self, route: &'static str, summary: &'static str) -> Operation {
        self.operation("patch", route, summary)
    }

    pub(super) fn delete(self, route: &'static str, summary: &'static str) -> Operation {
        self.operation("delete", route, summary)
    }

    fn operation(self, method: &'static str, route: &'static str, summary: &'static str) -> Operation {
        let Self { tag, caller, shape } = self;
        let (query, refusals) = (Vec::new(), Vec::new());
        let (body, idempotent, answer) = (None, false, Answer::Nothing);
        Operation { method, route, tag, summary, caller, shape, query, body, idempotent, answer, refusals }
    }
}

impl Operation {
    /// Takes JSON of this type.
    pub(super) fn takes<T: JsonSchema>(self) -> Self {
        Self { body: Some(Body::Json(|generator| generator.subschema_for::<T>())), ..self }
    }

    /// Takes JSON of this type, or no body.
    pub(super) fn takes_or_nothing<T: JsonSchema>(self) -> Self {
        Self { body: Some(Body::JsonOrNothing(|generator| generator.subschema_for::<T>())), ..self }
    }

    /// Takes text of a media type.
    pub(super) fn takes_text(self, media_type: &'static str) -> Self {
        Self { body: Some(Body::Text(media_type)), ..self }
    }

    /// Answers with this type.
    pub(super) fn gives<T: JsonSchema>(self) -> Self {
        Self { answer: Answer::Json(|generator| generator.subschema_for::<T>()), ..self }
    }

    /// Answers otherwise than with JSON of a type.
    pub(super) fn answers(self, answer: Answer) -> Self {
        Self { answer, ..self }
    }

    /// Runs once per `Idempotency-Key`.
    pub(super) fn once_per_key(mut self) -> Self {
        self.idempotent = true;
        let conflict = match self.caller {
            Caller::Anyone | Caller::Member => &[Code::Common409][..],
            Caller::Merchant | Caller::StepClient | Caller::Operator => &[Code::Pay4091, Code::Pay4221],
        };
        self.refuses(conflict)
    }

    /// Takes `cursor` and `size`.
    pub(super) fn paged(self) -> Self {
        self.asks("cursor", "string", "`nextCursor` of the page before").asks(
            "size",
            "integer",
            "Entries at most, 1 to 100; 20 when absent",
        )
    }

    /// Takes an optional query parameter.
    pub(super) fn asks(mut self, name: &'static str, kind: &'static str, about: &'static str) -> Self {
        self.query.push(Query { name, kind, required: false, about });
        self
    }

    /// Needs a query parameter.
    pub(super) fn needs(mut self, name: &'static str, kind: &'static str, about: &'static str) -> Self {
        self.query.push(Query { name, kind, required: true, about });
        self
    }

    /// Refusals of its own, beside those that every operation may have.
    pub(super) fn refuses(mut self, codes: &[Code]) -> Self {
        self.refusals.extend_from_slice(codes);
        self
    }

    /// Every code it may be refused with, in table order.
    pub(super) fn all_refusals(&self) -> Vec<Code> {
        let mut codes = vec![Code::Common400, Code::Common500, Code::Common503];
        match self.caller {
            Caller::Anyone => {}
            Caller::Member => codes.extend([Code::Auth4001, Code::Auth4005]),
            Caller::Merchant => codes.push(Code::Pay4011),
            Caller::StepClient | Caller::Operator => codes.extend([Code::Pay4011, Code::Pay4031]),
        }
        if self.body.is_some() {
            codes.extend([Code::Common413, Code::Common415]);
        }
        codes.extend_from_slice(&self.refusals);
        Code::ALL.iter().copied().filter(|code| codes.contains(code)).collect()
    }
}
