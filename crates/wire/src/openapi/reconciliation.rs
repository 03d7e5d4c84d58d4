//! The three books side by side, settlement files and batches, and the provider's notices.

use super::operation::{Answer, Caller, Domain, Operation, Shape};
use crate::{
    BatchCreateBody, BatchReport, Code, DayBatches, Reconciliation, SettlementBatch, SettlementBatchPage,
    SettlementFile, SettlementFilePage, SettlementItemPage, SettlementRowPage,
};

pub(super) fn operations() -> Vec<Operation> {
    let merchant = Domain { tag: "reconciliation", caller: Caller::Merchant, shape: Shape::Envelope };
    let mut all = vec![
        merchant
            .get(
                "/api/v1/reconciliation",
                "Where captured payments, the ledger and the provider's report differ",
            )
            .needs("from", "string", "Not before: RFC 3339, or a day in UTC")
            .needs("to", "string", "Before: RFC 3339, or a day in UTC; at most 31 days later")
            .paged()
            .gives::<Reconciliation>()
            .refuses(&[Code::Pay5021, Code::Pay5031]),
        Domain { tag: "webhooks", caller: Caller::Anyone, ..merchant }
            .post(
                "/api/v1/webhooks/toss",
                "A notice of the payment provider: a hint to read the payment back",
            )
            .takes::<serde_json::Value>()
            .answers(Answer::AnyJson),
    ];
    all.extend(files(merchant));
    all.extend(batches(merchant));
    all
}

fn files(merchant: Domain) -> Vec<Operation> {
    vec![
        merchant
            .post(
                "/api/v1/reconciliation/files",
                "Takes a settlement file; the same file again changes nothing",
            )
            .asks("name", "string", "What to call it")
            .takes_text("text/csv")
            .gives::<SettlementFile>(),
        merchant
            .get("/api/v1/reconciliation/files", "Settlement files, newest first")
            .paged()
            .gives::<SettlementFilePage>(),
        merchant
            .get("/api/v1/reconciliation/files/:id", "A settlement file")
            .gives::<SettlementFile>()
            .refuses(&[Code::Common404]),
        merchant
            .get("/api/v1/reconciliation/files/:id/rows", "A settlement file's rows")
            .asks("status", "string", "MATCHED, UNMATCHED or BAD alone")
            .paged()
            .gives::<SettlementRowPage>()
            .refuses(&[Code::Common404]),
        merchant
            .post("/api/v1/reconciliation/files/:id/rematch", "Looks again for what did not match")
            .gives::<SettlementFile>()
            .refuses(&[Code::Common404]),
    ]
}

fn batches(merchant: Domain) -> Vec<Operation> {
    vec![
        merchant
            .post(
                "/api/v1/reconciliation/batches",
                "Makes the settlement batches of a day that is over, once",
            )
            .takes::<BatchCreateBody>()
            .gives::<DayBatches>(),
        merchant
            .get("/api/v1/reconciliation/batches", "Settlement batches, newest first")
            .paged()
            .gives::<SettlementBatchPage>(),
        merchant
            .get("/api/v1/reconciliation/batches/:id", "A settlement batch")
            .gives::<SettlementBatch>()
            .refuses(&[Code::Common404]),
        merchant
            .get("/api/v1/reconciliation/batches/:id/items", "A settlement batch's items")
            .paged()
            .gives::<SettlementItemPage>()
            .refuses(&[Code::Common404]),
        merchant
            .get("/api/v1/reconciliation/batches/:id/report", "A settlement batch with all its items")
            .asks("format", "string", "json, or csv for a file of text/csv")
            .gives::<BatchReport>()
            .refuses(&[Code::Common404]),
    ]
}
