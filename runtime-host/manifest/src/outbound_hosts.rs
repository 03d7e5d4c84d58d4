//! `allowed_outbound_hosts`: templates filled in, then read by `host-egress`.

use crate::component::Context;
use crate::problem::Findings;
use crate::section::{Section, Text};
use crate::template::{self, Resolved};
use host_egress::{Grants, MalformedGrant};

/// The grants of a component, and its entries fit to be shown.
pub(crate) fn read(
    section: &Section<'_>,
    context: &Context<'_>,
    findings: &mut Findings<'_>,
) -> (Grants, Vec<String>) {
    let mut written = Vec::new();
    let mut entries = Vec::new();
    let mut shown = Vec::new();
    for text in section.strings("allowed_outbound_hosts", findings) {
        let Some(resolved) = template::resolve(&text, context.variables, findings) else { continue };
        match resolved.value {
            Some(_) if is_switched_off(&resolved) => {}
            Some(ref entry) => {
                shown.push(if resolved.secret { text.value.to_owned() } else { entry.clone() });
                entries.push(entry.clone());
                written.push((text, resolved.secret));
            }
            None => shown.push(text.value.to_owned()),
        }
    }
    match Grants::parse(entries.iter().map(String::as_str)) {
        Ok(grants) => (grants, shown),
        Err(malformed) => {
            for one in &malformed {
                let (text, secret) = &written[one.index];
                report(text, *secret, one, section, findings);
            }
            (Grants::default(), shown)
        }
    }
}

/// A variable that is empty switches its entry off: such an optional endpoint leaves nothing, or a bare scheme.
fn is_switched_off(resolved: &Resolved) -> bool {
    !resolved.literal && matches!(resolved.value.as_deref(), Some("" | "http://" | "https://"))
}

fn report(
    text: &Text<'_>,
    secret: bool,
    malformed: &MalformedGrant,
    section: &Section<'_>,
    findings: &mut Findings<'_>,
) {
    let MalformedGrant { found, fault, .. } = malformed;
    // The fault's own words repeat parts of the entry, which must not show what is secret.
    let (found, what) = match (secret, found == text.value) {
        (true, _) => (format!("{:?}", text.value), "is malformed".to_owned()),
        (false, true) => (format!("{found:?}"), fault.to_string()),
        (false, false) => (format!("{found:?} (written {:?})", text.value), fault.to_string()),
    };
    findings.problem(
        &text.span,
        format!(
            "{found} in allowed_outbound_hosts of {}: {what}; allowed: {}",
            section.title,
            fault.allowed()
        ),
    );
}
