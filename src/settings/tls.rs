//! How a stream is encrypted: TLS by rustls with ring.

use std::fmt;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error as RustlsError, RootCertStore, SignatureScheme,
};

/// What TLS is made with, each text in PEM.
#[derive(Debug, Default)]
pub struct TlsOptions {
    /// The certificates that are trusted.
    pub ca: Vec<String>,
    /// This side's certificate chain.
    pub cert: Option<String>,
    /// The key of `cert`.
    pub key: Option<String>,
    /// The name that the server's certificate must bear, the host's own when `None`.
    pub servername: Option<String>,
    /// Accept any certificate.
    pub insecure: bool,
}

/// A TLS set-up, checked.
#[derive(Clone)]
pub struct Tls {
    connector: TlsConnector,
    servername: Option<ServerName<'static>>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("servername", &self.servername)
            .finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the certificates and the key. The error names the option that is wrong.
    pub fn new(options: &TlsOptions) -> Result<Tls, String> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("tls: {error}"))?;
        let builder = if options.insecure {
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        } else {
            builder.with_root_certificates(roots(&options.ca)?)
        };
        let config = match (&options.cert, &options.key) {
            (None, None) => builder.with_no_client_auth(),
            (Some(cert), Some(key)) => builder
                .with_client_auth_cert(certificates(cert, "tls.cert")?, private_key(key)?)
                .map_err(|error| format!("tls.cert and tls.key: {error}"))?,
            (Some(_), None) => return Err("tls.key is missing beside tls.cert".to_owned()),
            (None, Some(_)) => return Err("tls.cert is missing beside tls.key".to_owned()),
        };
        let servername = options.servername.as_deref().map(server_name).transpose();
        Ok(Tls {
            connector: TlsConnector::from(Arc::new(config)),
            servername: servername.map_err(|reason| format!("tls.servername {reason}"))?,
        })
    }

    /// What encrypts a stream.
    pub fn connector(&self) -> &TlsConnector {
        &self.connector
    }

    /// The name that the certificate of `host` must bear. Fails when that is none.
    pub fn name_of(&self, host: &str) -> Result<ServerName<'static>, String> {
        match &self.servername {
            Some(servername) => Ok(servername.clone()),
            None => server_name(host),
        }
    }
}

fn server_name(name: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(name.to_owned())
        .map_err(|_| format!("\"{name}\" is no host name or address"))
}

fn roots(ca: &[String]) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    for pem in ca {
        store.add_parsable_certificates(certificates(pem, "tls.ca")?);
    }
    if store.is_empty() {
        return Err("tls.ca holds no certificate that can be trusted".to_owned());
    }
    Ok(store)
}

fn certificates(pem: &str, option: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| format!("{option} is no PEM text: {error}"))?;
    if certificates.is_empty() {
        return Err(format!("{option} holds no certificate in PEM"));
    }
    Ok(certificates)
}

fn private_key(pem: &str) -> Result<PrivateKeyDer<'static>, String> {
    // The parser's own message is left out: it could quote the key.
    PrivateKeyDer::from_pem_slice(pem.as_bytes())
        .map_err(|_| "tls.key holds no private key in PEM without a passphrase".to_owned())
}

/// `rejectUnauthorized: false`: the server may be anyone, the transport is still encrypted.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, RustlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        tokio_rustls::rustls::crypto::verify_tls12_signature(
            message,
            cert,
            dss,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        tokio_rustls::rustls::crypto::verify_tls13_signature(
            message,
            cert,
            dss,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(options: TlsOptions) -> String {
        Tls::new(&options).unwrap_err()
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let junk = Some("junk".to_owned());
        let insecure = true;
        assert!(refused(TlsOptions::default()).starts_with("tls.ca"));
        assert!(
            refused(TlsOptions {
                ca: vec!["junk".to_owned()],
                ..Default::default()
            })
            .starts_with("tls.ca")
        );
        assert!(
            refused(TlsOptions {
                insecure,
                cert: junk.clone(),
                ..Default::default()
            })
            .starts_with("tls.key is missing")
        );
        assert!(
            refused(TlsOptions {
                insecure,
                cert: junk.clone(),
                key: junk,
                ..Default::default()
            })
            .starts_with("tls.cert holds no certificate")
        );
    }
}
