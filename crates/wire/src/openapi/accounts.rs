//! Accounts and sign-in.

use super::operation::{Answer, Caller, Domain, Operation, Shape};
use crate::{Code, Me, NicknameBody, RefreshBody, Refreshed, SignedIn, SocialLoginBody};

pub(super) fn operations() -> Vec<Operation> {
    let anyone = Domain { tag: "accounts", caller: Caller::Anyone, shape: Shape::Envelope };
    let member = Domain { caller: Caller::Member, ..anyone };
    vec![
        anyone
            .get("/api/v1/auth/:provider/login", "Sends a browser to the identity provider")
            .asks("returnTo", "string", "A path of this service to come back to")
            .answers(Answer::Redirect),
        anyone
            .get("/api/v1/auth/:provider/callback", "Takes a browser back from the identity provider")
            .asks("code", "string", "The authorization code")
            .asks("state", "string", "As it was handed out")
            .asks("error", "string", "Why the provider refused")
            .answers(Answer::Redirect)
            .refuses(&[Code::Auth4002]),
        anyone
            .post("/api/v1/auth/social-login", "Signs an app in with an authorization code")
            .takes::<SocialLoginBody>()
            .gives::<SignedIn>()
            .refuses(&[Code::Auth4002]),
        anyone
            .post("/api/v1/auth/signup", "Makes a member of somebody who signed in at a provider")
            .takes::<NicknameBody>()
            .gives::<SignedIn>()
            .refuses(&[Code::Auth4001, Code::Member4092, Code::Common409]),
        anyone
            .post("/api/v1/auth/token/refresh", "Changes a refresh token for new tokens")
            .takes::<RefreshBody>()
            .gives::<Refreshed>()
            .refuses(&[Code::Auth4003, Code::Auth4004, Code::Auth4005]),
        member.post("/api/v1/auth/logout", "Ends this sign-in"),
        member.post("/api/v1/auth/logout-all", "Ends all sign-ins of the member"),
        member
            .post("/api/v1/members/withdraw", "Leaves the service")
            .refuses(&[Code::Member4042, Code::Member4091]),
        member.get("/api/v1/members/me", "The member who asks").gives::<Me>().refuses(&[Code::Member4042]),
        member
            .patch("/api/v1/members/me", "Renames the member who asks")
            .takes::<NicknameBody>()
            .gives::<Me>()
            .refuses(&[Code::Member4042, Code::Member4092]),
    ]
}
