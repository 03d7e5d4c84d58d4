//! What is bought: lines as a statement takes them, and their sum.

use guest_payment::{bounded, reference};
use rules_payment::{
    Currency, Money,
    order::{LineAmount, METADATA_BYTES_MAX, PRODUCT_NAME_CODE_POINTS_MAX, total},
};
use serde_json::{Map, Value};
use wire::{Code, Fields, OrderLine, Problem, PublicFace};

/// Checked lines, a list per column.
pub(crate) struct Lines {
    pub(crate) total: Money,
    pub(crate) product_ids: Vec<String>,
    pub(crate) product_names: Vec<String>,
    pub(crate) quantities: Vec<i64>,
    pub(crate) unit_prices: Vec<i64>,
}

impl Lines {
    /// Checks numbers first, so that no more texts are read than an order has lines.
    pub(crate) fn parse(lines: &[OrderLine], currency: Currency) -> Result<Self, Problem> {
        let amounts: Vec<LineAmount> = lines
            .iter()
            .map(|line| LineAmount { quantity: line.quantity, unit_price: line.unit_price })
            .collect();
        let total = total(&amounts, currency).map_err(|fault| fault.problem())?;
        let (mut fields, mut sound) = (Fields::default(), true);
        for (index, line) in lines.iter().enumerate() {
            let id = reference(&line.product_id);
            sound &= fields.check(&format!("lineItems[{index}].productId"), id).is_some();
            let name = bounded(&line.product_name, PRODUCT_NAME_CODE_POINTS_MAX);
            sound &= fields.check(&format!("lineItems[{index}].productName"), name).is_some();
        }
        if !sound {
            return Err(fields.refusal());
        }
        Ok(Self {
            total,
            product_ids: lines.iter().map(|line| line.product_id.clone()).collect(),
            product_names: lines.iter().map(|line| line.product_name.clone()).collect(),
            quantities: lines.iter().map(|line| line.quantity).collect(),
            unit_prices: lines.iter().map(|line| line.unit_price).collect(),
        })
    }
}

/// The merchant's own object, written as a statement takes it.
pub(crate) fn metadata(sent: Option<&Map<String, Value>>) -> Result<Option<String>, Problem> {
    let Some(object) = sent else { return Ok(None) };
    let text = serde_json::to_string(object).map_err(|_| Problem::from(Code::Common400))?;
    // jsonb holds no zero character; a text of ours in the database would be refused there.
    let sane = text.len() <= METADATA_BYTES_MAX && !holds_zero_in(object);
    if sane { Ok(Some(text)) } else { Err(Code::Common400.into()) }
}

fn holds_zero_in(object: &Map<String, Value>) -> bool {
    object.iter().any(|(key, value)| key.contains('\0') || holds_zero(value))
}

fn holds_zero(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_zero),
        Value::Object(fields) => holds_zero_in(fields),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
