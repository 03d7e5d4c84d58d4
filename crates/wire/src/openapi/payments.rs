//! Payments: the step API and the resource API.

use super::operation::{Caller, Domain, Operation, Shape};
use crate::{
    AuthorizeBody, CaptureBody, Code, ConfirmBody, CreditAccount, CreditBody, CreditChanged, CreditEntryPage,
    Order, OrderCreateBody, OrderPage, PaymentBrief, PaymentCreateBody, PaymentDetail, PaymentPage, Refund,
    RefundBody, RefundCreateBody, RefundPage, RefundRequested, StepAnswer, VoidBody,
};

/// What a call that waits for the provider may end with.
const PROVIDER: [Code; 4] = [Code::Pay5021, Code::Pay5031, Code::Pay5041, Code::Pay4098];
const MERCHANT: &str = "The merchant's public name; signed callers may leave it out";
const STATUS: &str = "One state alone";
const FROM: &str = "Not before: RFC 3339, or a day in UTC";
const TO: &str = "Before: RFC 3339, or a day in UTC";

pub(super) fn operations() -> Vec<Operation> {
    let mut all = steps();
    all.extend(payments());
    all.extend(orders_and_refunds());
    all.extend(credits());
    all
}

fn steps() -> Vec<Operation> {
    let client = Domain { tag: "payment steps", caller: Caller::StepClient, shape: Shape::Bare };
    vec![
        client
            .post("/api/payments/authorize", "Authorizes a payment")
            .takes::<AuthorizeBody>()
            .gives::<StepAnswer>()
            .once_per_key()
            .refuses(&[Code::Pay4001, Code::Pay4021, Code::Pay4291])
            .refuses(&PROVIDER),
        client
            .post("/api/payments/capture/:id", "Asks for the capture of an authorized payment")
            .takes::<CaptureBody>()
            .gives::<StepAnswer>()
            .once_per_key()
            .refuses(&[Code::Pay4041, Code::Pay4093, Code::Pay4291]),
        client
            .post("/api/payments/refund/:id", "Asks for a refund, in part or of all that is left")
            .takes::<RefundBody>()
            .gives::<StepAnswer>()
            .once_per_key()
            .refuses(&[Code::Pay4001, Code::Pay4041, Code::Pay4094, Code::Pay4222, Code::Pay4223])
            .refuses(&[Code::Pay4224, Code::Pay4291]),
        client
            .post("/api/payments/void/:id", "Gives an authorized payment back")
            .takes::<VoidBody>()
            .gives::<StepAnswer>()
            .once_per_key()
            .refuses(&[Code::Pay4041, Code::Pay4095, Code::Pay4291])
            .refuses(&PROVIDER),
        client
            .get("/api/payments", "Payments, newest first")
            .asks("merchantId", "string", MERCHANT)
            .asks("status", "string", STATUS)
            .asks("from", "string", FROM)
            .asks("to", "string", TO)
            .paged()
            .gives::<PaymentPage>(),
        client
            .get("/api/payments/:id", "A payment's whole life")
            .asks("merchantId", "string", MERCHANT)
            .gives::<PaymentDetail>()
            .refuses(&[Code::Pay4041]),
    ]
}

fn payments() -> Vec<Operation> {
    let merchant = Domain { tag: "payments", caller: Caller::Merchant, shape: Shape::Envelope };
    let step = |route, summary| {
        merchant
            .post(route, summary)
            .gives::<PaymentBrief>()
            .once_per_key()
            .refuses(&[Code::Pay4041, Code::Pay4291])
    };
    vec![
        merchant
            .post("/api/v1/payments", "Makes a payment for an order")
            .takes::<PaymentCreateBody>()
            .gives::<PaymentBrief>()
            .once_per_key()
            .refuses(&[Code::Pay4042, Code::Pay4096, Code::Pay4097, Code::Pay4291]),
        merchant
            .get("/api/v1/payments", "Payments, newest first")
            .asks("status", "string", STATUS)
            .asks("from", "string", FROM)
            .asks("to", "string", TO)
            .paged()
            .gives::<PaymentPage>(),
        merchant
            .get("/api/v1/payments/:id", "A payment's whole life")
            .gives::<PaymentDetail>()
            .refuses(&[Code::Pay4041]),
        step("/api/v1/payments/:id/authorize", "Authorizes a payment")
            .refuses(&[Code::Pay4021, Code::Pay4092])
            .refuses(&PROVIDER),
        step("/api/v1/payments/:id/confirm", "Confirms what a customer approved at the provider")
            .takes::<ConfirmBody>()
            .refuses(&[Code::Pay4001, Code::Pay4021, Code::Pay4092, Code::Pay4225, Code::Pay4228])
            .refuses(&PROVIDER),
        step("/api/v1/payments/:id/capture", "Asks for the capture of an authorized payment")
            .refuses(&[Code::Pay4093]),
        step("/api/v1/payments/:id/void", "Gives an authorized payment back")
            .takes_or_nothing::<VoidBody>()
            .refuses(&[Code::Pay4095])
            .refuses(&PROVIDER),
    ]
}

fn orders_and_refunds() -> Vec<Operation> {
    let orders = Domain { tag: "orders", caller: Caller::Merchant, shape: Shape::Envelope };
    let refunds = Domain { tag: "refunds", ..orders };
    vec![
        orders
            .post("/api/v1/orders", "Makes an order")
            .takes::<OrderCreateBody>()
            .gives::<Order>()
            .once_per_key()
            .refuses(&[Code::Pay4001, Code::Pay4291]),
        orders
            .get("/api/v1/orders", "Orders, newest first")
            .asks("userId", "string", "One customer's alone")
            .asks("status", "string", STATUS)
            .paged()
            .gives::<OrderPage>(),
        orders.get("/api/v1/orders/:id", "An order").gives::<Order>().refuses(&[Code::Pay4042]),
        orders
            .put("/api/v1/orders/:id/cancel", "Gives up an order that is not paid")
            .gives::<Order>()
            .once_per_key()
            .refuses(&[Code::Pay4042, Code::Pay4096, Code::Pay4097, Code::Pay4291]),
        refunds
            .post("/api/v1/refunds", "Asks for a refund, in part or of all that is left")
            .takes::<RefundCreateBody>()
            .gives::<RefundRequested>()
            .once_per_key()
            .refuses(&[Code::Pay4001, Code::Pay4041, Code::Pay4094, Code::Pay4222, Code::Pay4223])
            .refuses(&[Code::Pay4224, Code::Pay4291]),
        refunds
            .get("/api/v1/refunds", "Refunds, newest first")
            .asks("paymentId", "integer", "One payment's alone")
            .paged()
            .gives::<RefundPage>(),
        refunds.get("/api/v1/refunds/:id", "A refund").gives::<Refund>().refuses(&[Code::Pay4043]),
    ]
}

fn credits() -> Vec<Operation> {
    let merchant = Domain { tag: "credits", caller: Caller::Merchant, shape: Shape::Envelope };
    let change = |route, summary| {
        merchant
            .post(route, summary)
            .takes::<CreditBody>()
            .gives::<CreditChanged>()
            .once_per_key()
            .refuses(&[Code::Pay4001, Code::Pay4044, Code::Pay4099, Code::Pay4226, Code::Pay4227])
            .refuses(&[Code::Pay4291])
    };
    vec![
        change("/api/v1/credits/charge", "Puts credits onto a customer's account"),
        change("/api/v1/credits/reserve", "Sets credits aside"),
        change("/api/v1/credits/confirm", "Uses what was set aside"),
        change("/api/v1/credits/cancel", "Lets go of what was set aside"),
        change("/api/v1/credits/refund", "Gives back what was used"),
        change("/api/v1/credits/expire", "Takes away what was not used in time"),
        merchant
            .get("/api/v1/credits/:user", "A customer's account")
            .needs("currency", "string", "ISO 4217")
            .gives::<CreditAccount>()
            .refuses(&[Code::Pay4044]),
        merchant
            .get("/api/v1/credits/:user/entries", "An account's entries, newest first")
            .needs("currency", "string", "ISO 4217")
            .paged()
            .gives::<CreditEntryPage>()
            .refuses(&[Code::Pay4044]),
    ]
}
