//! `ca\0cert\0key\0servername\0host`, each but the host left out when empty.

use crate::settings::{Tls, TlsOptions};
use crate::texts;

/// Runs one input.
pub fn run(input: &[u8]) {
    let [ca, cert, key, servername, host] = texts(input, 0);
    let given = |text: &String| (!text.is_empty()).then(|| text.clone());
    let options = |insecure| TlsOptions {
        ca: given(&ca).into_iter().collect(),
        cert: given(&cert),
        key: given(&key),
        servername: given(&servername),
        insecure,
    };
    let [checked, insecure] = [false, true].map(|insecure| Tls::new(&options(insecure)));
    for reason in [&checked, &insecure]
        .into_iter()
        .filter_map(|tls| tls.as_ref().err())
    {
        assert!(reason.starts_with("tls."), "{reason}");
        // It tells nothing of the key.
        if reason.starts_with("tls.key") {
            let is_known = [
                "tls.key is missing beside tls.cert",
                "tls.key holds no private key in PEM without a passphrase",
            ]
            .contains(&reason.as_str());
            assert!(is_known, "{reason}");
        }
    }
    if let Err(reason) = &insecure {
        assert!(
            checked.is_err() && !reason.starts_with("tls.ca"),
            "{reason}"
        );
    } else if let Err(reason) = &checked {
        assert!(reason.starts_with("tls.ca"), "{reason}");
    }
    let Ok(tls) = insecure else {
        return;
    };
    assert_eq!(cert.is_empty(), key.is_empty());
    let name = tls.name_of(&host);
    match given(&servername) {
        Some(_) => assert!(name.is_ok() && name == tls.name_of("another")),
        None => assert!(name.map_or_else(|reason| reason.contains(&host), |_| !host.is_empty())),
    }
}
