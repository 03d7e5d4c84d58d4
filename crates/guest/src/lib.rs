//! The thin kit every component is written with: one page per component — parse, ask a rule, store, answer.
//!
//! Knows HTTP, Spin and the envelope; knows no business word and no state. Never decides (that is `rules-*`), never
//! holds a public text (that is `wire`), never writes an answer, a token or a secret to a log. Time and randomness
//! come only from `clock` and `random`, so that rules can take them as arguments.
//!
//! Next: `serve.rs` (a request's way), `call.rs` (what a handler may ask), `statement.rs` (reads and idempotent
//! writes), `failure.rs` (public text and diagnosis kept apart).

mod answer;
mod body;
pub mod calendar;
mod call;
pub mod clock;
mod cookie;
mod database;
mod failure;
pub mod key_value;
mod origin;
pub mod outbound;
pub mod random;
mod row;
mod serve;
pub mod settings;
mod signature;
mod statement;
pub mod token;

pub use answer::{Answer, Reply};
pub use call::{Call, Member};
pub use cookie::Cookie;
pub use failure::Failure;
pub use row::{Decoded, Row};
pub use serve::{Face, Route, serve, serve_in};
pub use spin_sdk::http::{Method, Request};
pub use spin_sdk::pg::ParameterValue;
pub use statement::{Done, Read, Write, rows};

/// What a component's page starts with.
pub mod prelude {
    pub use spin_sdk::http_service;

    pub use crate::{Answer, Call, Failure, Read, Reply, Request, Write, params, routes, serve};
}

/// The parameters of a statement, each converted: `params![nickname.as_str(), size]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::Parameter::parameter($value)),*] };
}

/// The routes of a component: `routes![GET show, PATCH rename]`; with several paths, `routes![POST "/api/v1/x" x]`.
#[macro_export]
macro_rules! routes {
    ($($method:ident $($path:literal)? $handler:path),+ $(,)?) => {
        &[$($crate::Route {
            method: $crate::Method::$method,
            path: $crate::routes!(@path $($path)?),
            run: |call| ::std::boxed::Box::pin($handler(call)),
        }),+]
    };
    (@path) => { ::core::option::Option::None };
    (@path $path:literal) => { ::core::option::Option::Some($path) };
}

pub use row::Parameter;
