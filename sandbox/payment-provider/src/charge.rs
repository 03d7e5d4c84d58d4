//! A charge as the database has it, and its key for the outside.

use spin_sdk::pg::ParameterValue;

use crate::call::Refused;
use crate::case::Case;
use crate::database::Row;
use crate::toss_error::TossError;

/// What Toss's payment keys begin with in its test environment.
const KEY_PREFIX: &str = "tgen_";

/// Money that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Charge {
    pub(crate) id: i64,
    pub(crate) secret: String,
    pub(crate) order_id: String,
    pub(crate) order_name: String,
    pub(crate) merchant: String,
    pub(crate) method: String,
    pub(crate) currency: String,
    pub(crate) amount: i64,
    pub(crate) balance: i64,
    pub(crate) status: String,
    pub(crate) failure: Option<String>,
    pub(crate) told_order_id: Option<String>,
    pub(crate) told_currency: Option<String>,
    pub(crate) told_amount: Option<i64>,
    pub(crate) created_ms: i64,
    pub(crate) approved_ms: Option<i64>,
    pub(crate) captured_ms: Option<i64>,
    pub(crate) idempotency_key: Option<String>,
}

impl Charge {
    /// Reads the columns that every statement selects in the same order, from `at` on.
    pub(crate) fn read(row: &Row, at: usize) -> Result<Self, Refused> {
        Ok(Self {
            id: row.get(at)?,
            secret: row.get(at + 1)?,
            order_id: row.get(at + 2)?,
            order_name: row.get(at + 3)?,
            merchant: row.get(at + 4)?,
            method: row.get(at + 5)?,
            currency: row.get(at + 6)?,
            amount: row.get(at + 7)?,
            balance: row.get(at + 8)?,
            status: row.get(at + 9)?,
            failure: row.get(at + 10)?,
            told_order_id: row.get(at + 11)?,
            told_currency: row.get(at + 12)?,
            told_amount: row.get(at + 13)?,
            created_ms: row.get(at + 14)?,
            approved_ms: row.get(at + 15)?,
            captured_ms: row.get(at + 16)?,
            idempotency_key: row.get(at + 17)?,
        })
    }

    /// The payment key: the id, which finds the row, and the secret, which nobody guesses.
    pub(crate) fn key(&self) -> String {
        format!("{KEY_PREFIX}{}_{}", self.id, self.secret)
    }
}

/// Id and secret of a payment key, as parameters; `NOT_FOUND_PAYMENT` for any other text.
pub(crate) fn key_parts(key: &str) -> Result<[ParameterValue; 2], TossError> {
    let parts = key.strip_prefix(KEY_PREFIX).and_then(|rest| rest.split_once('_'));
    let (id, secret) = parts.ok_or(TossError::NotFoundPayment)?;
    let id: i64 = id.parse().map_err(|_| TossError::NotFoundPayment)?;
    let uuid = secret.len() == 36 && secret.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    if uuid { Ok([id.into(), secret.to_owned().into()]) } else { Err(TossError::NotFoundPayment) }
}

/// What one of the functions in `sql/functions.sql` answered.
pub(crate) struct Done {
    pub(crate) case: Option<Case>,
    pub(crate) delay_ms: u64,
    pub(crate) replayed: bool,
    pub(crate) cancel_number: Option<i32>,
    /// None where nothing was done and there is nothing to show.
    pub(crate) charge: Option<Charge>,
}

impl Done {
    /// Reads refusal, happens, delay, replayed, cancel number, and the charge.
    pub(crate) fn read(row: &Row) -> Result<Self, Refused> {
        if let Some(refusal) = row.get::<Option<String>>(0)? {
            let error = TossError::of_code(&refusal);
            return Err(error.map_or_else(|| Refused::Database(format!("refusal {refusal}")), Refused::from));
        }
        let case = match row.get::<Option<String>>(1)? {
            None => None,
            Some(name) => Some(
                Case::named(&name).ok_or_else(|| Refused::Database(format!("no case is named {name}")))?,
            ),
        };
        let has_charge = row.get::<Option<i64>>(5)?.is_some();
        Ok(Self {
            case,
            delay_ms: u64::try_from(row.get::<i32>(2)?).unwrap_or(0),
            replayed: row.get(3)?,
            cancel_number: row.get(4)?,
            charge: if has_charge { Some(Charge::read(row, 5)?) } else { None },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_we_never_made_is_not_found() {
        assert!(key_parts("tgen_7_0189d5e2-7b1a-7c3f-8a56-0123456789ab").is_ok());
        for key in
            ["", "tgen_", "tgen_7", "tgen_x_0189d5e2-7b1a-7c3f-8a56-0123456789ab", "tgen_7_' OR 1=1 --"]
        {
            assert!(key_parts(key).is_err(), "{key}");
        }
    }
}
