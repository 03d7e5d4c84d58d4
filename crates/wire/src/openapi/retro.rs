//! Rooms, retrospects and answers.

use super::operation::{Caller, Domain, Operation, Shape};
use crate::{
    Code, DraftsBody, DraftsSaved, ParticipantJoined, ParticipantLeft, ParticipantPage, ResponsePage,
    RetrospectCreateBody, RetrospectCreated, RetrospectDetail, RoomCreateBody, RoomCreated, RoomInvite,
    RoomJoinBody, RoomJoined, RoomMemberPage, RoomPage, SubmitBody, Submitted, TakenBack,
};

pub(super) fn operations() -> Vec<Operation> {
    let mut all = rooms();
    all.extend(retrospects());
    all
}

fn rooms() -> Vec<Operation> {
    let member = Domain { tag: "rooms", caller: Caller::Member, shape: Shape::Envelope };
    vec![
        member
            .post("/api/v1/retro-rooms", "Opens a room")
            .takes::<RoomCreateBody>()
            .gives::<RoomCreated>()
            .once_per_key()
            .refuses(&[Code::Retro4001, Code::Retro4091]),
        member.get("/api/v1/retro-rooms", "The member's rooms").paged().gives::<RoomPage>(),
        member
            .post("/api/v1/retro-rooms/join", "Joins a room by invitation")
            .takes::<RoomJoinBody>()
            .gives::<RoomJoined>()
            .once_per_key()
            .refuses(&[Code::Retro4002, Code::Retro4008, Code::Retro4034, Code::Retro4092]),
        member
            .get("/api/v1/retro-rooms/:id/invite-code", "A room's newest invitation")
            .gives::<RoomInvite>()
            .refuses(&[Code::Retro4031, Code::Retro4041]),
        member
            .get("/api/v1/retro-rooms/:id/members", "Who is in a room")
            .paged()
            .gives::<RoomMemberPage>()
            .refuses(&[Code::Retro4041]),
    ]
}

fn retrospects() -> Vec<Operation> {
    let member = Domain { tag: "retrospects", caller: Caller::Member, shape: Shape::Envelope };
    vec![
        member
            .post("/api/v1/retrospects", "Plans a retrospect")
            .takes::<RetrospectCreateBody>()
            .gives::<RetrospectCreated>()
            .once_per_key()
            .refuses(&[Code::Retro4001, Code::Retro4005, Code::Retro4006, Code::Retro4041]),
        member
            .get("/api/v1/retrospects/:id", "A retrospect")
            .gives::<RetrospectDetail>()
            .refuses(&[Code::Retro4041]),
        member
            .post("/api/v1/retrospects/:id/participants", "Takes part")
            .gives::<ParticipantJoined>()
            .once_per_key()
            .refuses(&[Code::Retro4009, Code::Retro4041, Code::Retro4093]),
        member
            .get("/api/v1/retrospects/:id/participants", "Who takes part")
            .paged()
            .gives::<ParticipantPage>()
            .refuses(&[Code::Retro4041]),
        member
            .delete("/api/v1/retrospects/:id/participants", "Takes part no more")
            .gives::<ParticipantLeft>()
            .once_per_key()
            .refuses(&[Code::Retro4009, Code::Retro4031, Code::Retro4033, Code::Retro4041]),
        member
            .put("/api/v1/retrospects/:id/drafts", "Saves drafts")
            .takes::<DraftsBody>()
            .gives::<DraftsSaved>()
            .once_per_key()
            .refuses(&[Code::Retro4003, Code::Retro4009, Code::Retro4031, Code::Retro4033, Code::Retro4041])
            .refuses(&[Code::Retro4043]),
        member
            .post("/api/v1/retrospects/:id/submit", "Hands the answers in")
            .takes::<SubmitBody>()
            .gives::<Submitted>()
            .once_per_key()
            .refuses(&[Code::Retro4003, Code::Retro4007, Code::Retro4009, Code::Retro4010, Code::Retro4031])
            .refuses(&[Code::Retro4033, Code::Retro4041, Code::Retro4043]),
        member
            .delete("/api/v1/retrospects/:id/submit", "Takes the answers back")
            .gives::<TakenBack>()
            .once_per_key()
            .refuses(&[Code::Retro4009, Code::Retro4031, Code::Retro4041, Code::Retro4094]),
        member
            .get("/api/v1/retrospects/:id/responses", "What was answered")
            .asks("questionNumber", "integer", "One question's answers alone")
            .paged()
            .gives::<ResponsePage>()
            .refuses(&[Code::Retro4041, Code::Retro4043]),
    ]
}
