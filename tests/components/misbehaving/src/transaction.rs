//! Opens a transaction, changes a row in it, and ends badly while it is open.
//!
//! The next user of the same pooled connection must find it clean: nothing committed, no lock held, no `idle in transaction`.

use spin_sdk::pg::{Connection, ParameterValue};
use tests_components_probe::{Answer, Call, Malformed, whole};

/// `then` = `trap`, `loop`, `sleep` or `return`; the table `left_open (id text primary key, word text)` must exist.
pub(crate) async fn leave_open(call: &Call) -> Result<Answer, Malformed> {
    let address = call.text("address").ok_or(Malformed("address is missing"))?;
    let id = call.text("id").ok_or(Malformed("id is missing"))?;
    if let Err(error) = begin_and_write(address, id).await {
        return Ok(whole(200, "text/plain", format!("could not begin: {error}")));
    }
    match call.text("then") {
        Some("trap") => crate::crimes::trap(),
        Some("loop") => crate::crimes::endless_loop(),
        Some("sleep") => crate::crimes::sleep_forever().await,
        Some("return") => Ok(whole(200, "text/plain", "left open")),
        Some(_) | None => Err(Malformed("then is trap, loop, sleep or return")),
    }
}

async fn begin_and_write(address: &str, id: &str) -> Result<(), spin_sdk::pg::Error> {
    let connection = Connection::open(address).await?;
    connection.execute("BEGIN", []).await?;
    let id = ParameterValue::Str(id.to_owned());
    connection.execute("INSERT INTO left_open (id, word) VALUES ($1, 'uncommitted')", [id]).await?;
    std::mem::forget(connection);
    Ok(())
}
