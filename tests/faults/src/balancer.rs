//! A TCP balancer as small as they come: new connections go, in turn, to the hosts whose `/readyz` says yes.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How often each host is asked.
const ASK: Duration = Duration::from_millis(20);

#[derive(Clone)]
struct Backend {
    app: SocketAddr,
    admin: SocketAddr,
    ready: bool,
}

type Backends = Arc<Mutex<Vec<Backend>>>;

/// The balancer; ends when dropped.
pub struct Balancer {
    address: SocketAddr,
    backends: Backends,
    tasks: [JoinHandle<()>; 2],
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Balancer {
    /// On a free port, with no host behind it.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let backends = Backends::default();
        let tasks = [tokio::spawn(ask(backends.clone())), tokio::spawn(accept(listener, backends.clone()))];
        Balancer { address, backends, tasks }
    }

    /// Where clients come.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Puts a host behind it, which gets connections once it is ready.
    pub fn add(&self, app: SocketAddr, admin: SocketAddr) {
        lock(&self.backends).push(Backend { app, admin, ready: false });
    }

    /// Forgets a host.
    pub fn remove(&self, app: SocketAddr) {
        lock(&self.backends).retain(|backend| backend.app != app);
    }

    /// Waits until so many hosts are ready.
    pub async fn until_ready(&self, count: usize) {
        while lock(&self.backends).iter().filter(|backend| backend.ready).count() != count {
            tokio::time::sleep(ASK).await;
        }
    }
}

fn lock(backends: &Backends) -> std::sync::MutexGuard<'_, Vec<Backend>> {
    backends.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn ask(backends: Backends) {
    let client =
        reqwest::Client::builder().timeout(Duration::from_secs(2)).build().expect("a client can be made");
    loop {
        let admins: Vec<SocketAddr> = lock(&backends).iter().map(|backend| backend.admin).collect();
        for admin in admins {
            let answer = client.get(format!("http://{admin}/readyz")).send().await;
            let ready = answer.is_ok_and(|answer| answer.status() == 200);
            for backend in lock(&backends).iter_mut().filter(|backend| backend.admin == admin) {
                backend.ready = ready;
            }
        }
        tokio::time::sleep(ASK).await;
    }
}

async fn accept(listener: TcpListener, backends: Backends) {
    let turn = AtomicUsize::new(0);
    while let Ok((mut client, _)) = listener.accept().await {
        let ready: Vec<SocketAddr> =
            lock(&backends).iter().filter(|backend| backend.ready).map(|backend| backend.app).collect();
        let first = turn.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            for place in 0..ready.len() {
                let app = ready[(first + place) % ready.len()];
                if let Ok(mut host) = TcpStream::connect(app).await {
                    // Either side may hang up as it likes.
                    let _ = client.set_nodelay(true).and_then(|()| host.set_nodelay(true));
                    let _ = copy_bidirectional(&mut client, &mut host).await;
                    return;
                }
            }
        });
    }
}
