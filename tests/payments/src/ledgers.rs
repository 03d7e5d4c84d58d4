//! The database as it must be whenever nothing is running: looked at by its owner, tenant by tenant.

use tests_support::App;
use tokio_postgres::{Client, NoTls};

/// A connection of the schema's owner.
pub struct Ledgers {
    client: Client,
}

/// What must hold for every payment of a tenant; each column counts what breaks it.
const CHECK: &str = include_str!("ledgers.sql");

impl Ledgers {
    /// Connects to an app's own database.
    ///
    /// # Panics
    /// When the app runs elsewhere or the database does not answer.
    pub async fn open(app: &App) -> Self {
        let mut last = None;
        for _ in 0..50 {
            match tokio_postgres::connect(&app.own().database.owner_url, NoTls).await {
                Ok((client, connection)) => {
                    tokio::spawn(connection);
                    return Self { client };
                }
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("no connection: {last:?}")
    }

    /// Whether there is a tenant of this merchant.
    ///
    /// # Panics
    /// When the database does not answer.
    pub async fn knows(&self, merchant: &str) -> bool {
        let asked = self.client.query_one("SELECT pay.tenant_by_merchant($1, false)", &[&merchant]).await;
        asked.expect("an answer").get::<_, Option<i64>>(0).is_some()
    }

    /// Works as this merchant's tenant from now on.
    async fn act_for(&self, merchant: &str) -> i64 {
        let found = self.client.query_one("SELECT pay.tenant_by_merchant($1, false)", &[&merchant]).await;
        let tenant: i64 = found.expect("a tenant").get(0);
        let set = "SELECT set_config('app.tenant_id', $1, false)";
        self.client.execute(set, &[&tenant.to_string()]).await.expect("a setting");
        tenant
    }

    /// Checks a merchant's payments, ledger and outbox.
    ///
    /// # Panics
    /// When something does not hold.
    pub async fn check(&self, merchant: &str) {
        let tenant = self.act_for(merchant).await;
        let row = self.client.query_one(CHECK, &[&tenant]).await.expect("the check runs");
        for (at, column) in row.columns().iter().enumerate() {
            assert_eq!(row.get::<_, i64>(at), 0, "{}", column.name());
        }
        let verified = self.client.query_one("SELECT outcome FROM pay.ledger_verify($1)", &[&tenant]).await;
        assert_eq!(verified.expect("the chain is read").get::<_, String>(0), "OK");
    }

    /// Lets all leases of a merchant's payments run out now.
    ///
    /// # Panics
    /// When the database does not answer.
    pub async fn end_leases(&self, merchant: &str) {
        self.end_leases_older(merchant, 0).await;
    }

    /// Lets leases run out that are at least so many seconds old.
    ///
    /// # Panics
    /// When the database does not answer.
    pub async fn end_leases_older(&self, merchant: &str, age_s: i32) {
        let tenant = self.act_for(merchant).await;
        let sql = "UPDATE pay.payment SET claimed_until = clock_timestamp() \
                   WHERE tenant_id = $1 AND claimed_until < clock_timestamp() + (30 - $2::int) * interval '1 second'";
        self.client.execute(sql, &[&tenant, &age_s]).await.expect("leases end");
    }

    /// Takes an event out of the outbox, to see that [`Ledgers::check`] notices.
    ///
    /// # Panics
    /// When there is none.
    pub async fn lose_an_event(&self, merchant: &str) {
        let tenant = self.act_for(merchant).await;
        let sql = "DELETE FROM pay.outbox_event WHERE tenant_id = $1 AND event_type = 'payment.authorized'";
        let lost = self.client.execute(sql, &[&tenant]).await.expect("the owner may");
        assert!(lost > 0);
    }
}
