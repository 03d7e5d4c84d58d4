//! Who calls: a server that signs its requests, or, where that is switched on by name, an old client of the step API
//! that only says which merchant it is.
//!
//! A signature is checked before anything is asked of the database: time first, then the signature, then, in one
//! statement, that the key lives and its nonce was never used. A request with any signature header is a signed one;
//! it never falls back.

use guest::{Call, Failure, clock, params, rows, settings::Service, settings::variable};
use rules_payment::{
    MerchantId,
    merchant::MerchantFault,
    signature::{SKEW_S_MAX, SignatureHeaders, Signed, body_sha256, secret_of},
};
use wire::{Code, Problem};

use crate::merchant;

/// The headers of a signed request.
const HEADERS: [&str; 4] = ["x-api-key", "x-timestamp", "x-nonce", "x-signature"];
/// Bytes of the master secret at least.
const MASTER_BYTES_MIN: usize = 32;
const ADMIT: &str = "SELECT outcome, tenant_id, merchant_id, role FROM pay.admit($1, $2, $3)";

/// What a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything with its own payments.
    Merchant,
    /// Also what changes the service itself, e.g. forcing a circuit breaker.
    Operator,
}

impl Role {
    /// The name in the database and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Merchant => "MERCHANT",
            Self::Operator => "OPERATOR",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Merchant, Self::Operator].into_iter().find(|role| role.name() == name)
    }
}

/// Somebody who may act for a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The tenant all statements run for.
    pub tenant: i64,
    /// Its public name.
    pub merchant: String,
    /// What it may do.
    pub role: Role,
    /// Who stands in the history: `key:<key id>`, or `merchant:<name>` when unsigned.
    pub actor: String,
}

/// What a request says about its sender, its signature checked, the database not yet asked.
pub enum Presented {
    /// Signed by the owner of this key.
    Signed(Proof),
    /// Not signed.
    Unsigned,
}

/// A signature that fits, with a nonce that is still to be spent.
pub struct Proof {
    key_id: String,
    nonce: String,
    until_s: i64,
}

/// Checks the signature, if there is one. Reads the body.
///
/// # Errors
/// `PAY4011` for a signature that does not fit in any way; the log says in which.
pub async fn present(call: &mut Call) -> Result<Presented, Failure> {
    if HEADERS.iter().all(|name| !call.headers().contains_key(*name)) {
        return Ok(Presented::Unsigned);
    }
    let body = call.bytes().await?;
    let refused = |why: &str| Failure::from(Code::Pay4011).because(why);
    let sent = HEADERS.map(|name| once(call, name));
    let headers = SignatureHeaders::read(sent, clock::now().timestamp())
        .map_err(|fault| refused(&fault.to_string()))?;
    let signed = Signed {
        method: call.method().as_str(),
        path_and_query: call.path_and_query(),
        timestamp: headers.timestamp,
        nonce: headers.nonce,
        body_sha256: &body_sha256(&body),
    };
    let secret = key_secret(headers.key_id).await?;
    if !signed.verify(secret.as_bytes(), headers.signature) {
        return Err(refused("the signature is not that of this request"));
    }
    let until_s = headers.signed_at_s + SKEW_S_MAX + 1;
    Ok(Presented::Signed(Proof {
        key_id: headers.key_id.to_owned(),
        nonce: headers.nonce.to_owned(),
        until_s,
    }))
}

/// The secret of a key, as its owner got it. A key that was never made has one too: that it does not live is said by
/// the statement that spends the nonce, so both cost the same.
///
/// # Errors
/// A fault when the variable `api_key_secret` is missing or too short.
pub async fn key_secret(key_id: &str) -> Result<String, Failure> {
    let master = variable("api_key_secret").await?;
    if master.len() < MASTER_BYTES_MIN {
        return Err(Failure::fault("variable api_key_secret: 32 bytes or more"));
    }
    Ok(secret_of(master.as_bytes(), key_id))
}

/// A header that stands exactly once.
fn once<'c>(call: &'c Call, name: &str) -> Option<&'c str> {
    let mut all = call.headers().get_all(name).iter();
    let one = all.next()?.to_str().ok()?;
    all.next().is_none().then_some(one)
}

impl Presented {
    /// The caller of the resource API: signed, always.
    ///
    /// # Errors
    /// `PAY4011` without a signature or with a dead key or a used nonce.
    pub async fn signed(self) -> Result<Caller, Failure> {
        match self {
            Self::Signed(proof) => proof.spend().await,
            Self::Unsigned => Err(Code::Pay4011.into()),
        }
    }

    /// The caller of the step API, who names the merchant once more in the request. Unsigned calls are taken at their
    /// word only where `unsigned_step_api` says so; a merchant is then made when it is first named.
    ///
    /// # Errors
    /// `PAY4011` as above and for an unsigned call where it is not allowed; `PAY4031` when the key is another
    /// merchant's.
    pub async fn of_merchant(self, named: Option<&str>) -> Result<Caller, Failure> {
        self.named(named, true).await
    }

    /// [`Self::of_merchant`] for those who only read: no merchant is made, and one that nobody knows has nothing.
    ///
    /// # Errors
    /// As above.
    pub async fn of_known_merchant(self, named: Option<&str>) -> Result<Caller, Failure> {
        self.named(named, false).await
    }

    async fn named(self, named: Option<&str>, make: bool) -> Result<Caller, Failure> {
        let named = named.map(MerchantId::parse).transpose()?;
        match self {
            Self::Signed(proof) => {
                let caller = proof.spend().await?;
                match named {
                    Some(other) if other.as_str() != caller.merchant => {
                        Err(Problem::from(Code::Pay4031).at("merchantId").into())
                    }
                    Some(_) | None => Ok(caller),
                }
            }
            Self::Unsigned => {
                unsigned_allowed().await?;
                let named = named.ok_or(MerchantFault::Empty)?;
                let (tenant, merchant) =
                    (merchant::tenant_of(&named, make).await?, named.as_str().to_owned());
                let actor = format!("merchant:{merchant}");
                Ok(Caller { tenant, merchant, role: Role::Merchant, actor })
            }
        }
    }
}

impl Caller {
    /// For routes of operators.
    ///
    /// # Errors
    /// `PAY4031` for everybody else.
    pub fn operator(self) -> Result<Self, Failure> {
        match self.role {
            Role::Operator => Ok(self),
            Role::Merchant => Err(Code::Pay4031.into()),
        }
    }
}

impl Proof {
    /// Asks the database whether the key lives and spends the nonce, at once.
    async fn spend(self) -> Result<Caller, Failure> {
        let rows = rows(ADMIT, params![self.key_id.as_str(), self.nonce, self.until_s], &[]).await?;
        let row = rows.first().ok_or_else(|| Failure::fault("pay.admit answers one row"))?;
        let outcome: String = row.get(0)?;
        match outcome.as_str() {
            "ADMITTED" => Ok(Caller {
                tenant: row.get(1)?,
                merchant: row.get(2)?,
                role: Role::parse(&row.get::<String>(3)?).ok_or_else(|| Failure::fault("no such role"))?,
                actor: format!("key:{}", self.key_id),
            }),
            "NONCE_USED" | "UNKNOWN_KEY" => Err(Failure::from(Code::Pay4011).because(outcome)),
            _ => Err(Failure::fault(format!("pay.admit: {outcome}"))),
        }
    }
}

/// `allowed` counts only where nobody else can reach the service; past that it has to be said in full.
async fn unsigned_allowed() -> Result<(), Failure> {
    let (mode, service) = (variable("unsigned_step_api").await?, Service::read().await?);
    match (&*mode, service.loopback()) {
        ("allowed", true) | ("allowed-in-production", _) => Ok(()),
        ("allowed", false) => Err(Failure::from(Code::Pay4011)
            .because("unsigned_step_api = allowed holds on loopback only; write allowed-in-production")),
        ("refused", _) => Err(Code::Pay4011.into()),
        _ => Err(Failure::fault("variable unsigned_step_api: refused, allowed or allowed-in-production")),
    }
}
