//! Two tenants on one connection, their statements in turns.

use futures::future::join_all;
use tests_pay_statements::{Base, Parameter, read, scene, step::*};

#[tokio::test]
async fn two_tenants_interleaved_on_one_connection_see_nothing_of_each_other() {
    let base = Base::new().await;
    let app = base.app().await;
    let tenants = [base.tenant("even").await, base.tenant("odd").await];
    let (app, tenants) = (&app, &tenants);
    // All at once on one connection: the driver pipelines them.
    let made = join_all((0..60).map(|n| async move {
        let tenant = tenants[n % 2];
        (tenant, scene::authorized(app, tenant).await)
    }))
    .await;
    let list = "SELECT pay.payments($1, NULL, NULL, NULL, NULL, NULL, 100)";
    let reads = join_all(made.iter().map(|(tenant, payment)| async move {
        let other = if *tenant == tenants[0] { tenants[1] } else { tenants[0] };
        let own: &[Parameter<'_>] = &[tenant];
        let (mine, theirs, all) = futures::join!(
            scene::payment(app, *tenant, *payment),
            scene::payment(app, other, *payment),
            read(app, list, own),
        );
        assert_eq!(mine["paymentId"].as_i64(), Some(*payment));
        assert!(theirs.is_null());
        assert_eq!(all.as_array().unwrap().len(), 30);
    }));
    reads.await;
    assert_eq!(Step::new(tenants[0], None).begin_on(app, made[1].1, "void").await.outcome, "NOT_FOUND");
    let left: String = app
        .query_one("SELECT coalesce(current_setting('app.tenant_id', true), '')", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(left, "", "no tenant stays set after a statement");
}
