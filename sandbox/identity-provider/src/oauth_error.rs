//! What can be wrong, by its name in RFC 6749 §4.1.2.1 and §5.2; Kakao adds codes of its own.

use serde_json::{Value, json};

use crate::provider::Provider;

/// One error of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OauthError {
    InvalidRequest(&'static str),
    InvalidClient,
    InvalidGrant(&'static str),
    InvalidScope,
    UnsupportedGrantType,
    UnsupportedResponseType,
    AccessDenied,
    ServerError,
}

impl OauthError {
    /// The value of `error`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant(_) => "invalid_grant",
            Self::InvalidScope => "invalid_scope",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::AccessDenied => "access_denied",
            Self::ServerError => "server_error",
        }
    }

    /// The value of `error_description`, for developers.
    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::InvalidRequest(text) | Self::InvalidGrant(text) => text,
            Self::InvalidClient => "client id or secret is wrong or missing",
            Self::InvalidScope => "the scope must contain openid",
            Self::UnsupportedGrantType => "the only grant type is authorization_code",
            Self::UnsupportedResponseType => "the only response type is code",
            Self::AccessDenied => "the person said no",
            Self::ServerError => "a failure that was asked for",
        }
    }

    /// The status at the token endpoint.
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::InvalidClient => 401,
            Self::ServerError => 500,
            Self::InvalidRequest(_)
            | Self::InvalidGrant(_)
            | Self::InvalidScope
            | Self::UnsupportedGrantType
            | Self::UnsupportedResponseType
            | Self::AccessDenied => 400,
        }
    }

    /// The body at the token endpoint.
    pub(crate) fn body(self, provider: Provider) -> Value {
        let mut body = json!({ "error": self.name(), "error_description": self.description() });
        if let (Provider::Kakao, Some(code)) = (provider, self.kakao_code()) {
            body["error_code"] = json!(code);
        }
        body
    }

    fn kakao_code(self) -> Option<&'static str> {
        match self {
            Self::InvalidGrant(_) => Some("KOE320"),
            Self::InvalidClient => Some("KOE010"),
            Self::UnsupportedGrantType => Some("KOE201"),
            Self::InvalidRequest(_)
            | Self::InvalidScope
            | Self::UnsupportedResponseType
            | Self::AccessDenied
            | Self::ServerError => None,
        }
    }
}
