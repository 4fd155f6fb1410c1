//! [`EncryptionKey`]: the keys of what stands in workflow histories.

use base64::Engine;
use secrecy::SecretSlice;

use super::variables::Variables;

/// A key for the payloads in workflow histories.
#[derive(Clone, Debug)]
pub struct EncryptionKey {
    pub id: String,
    /// 32 bytes.
    pub key: SecretSlice<u8>,
}

/// AES-256.
pub(super) const ENCRYPTION_KEY_BYTES: usize = 32;

impl EncryptionKey {
    /// `id:base64key`, or what is wrong with it, without repeating any of the key.
    fn parse(text: &str) -> Result<Self, &'static str> {
        let (id, key) = text.split_once(':').ok_or("has no \":\" between id and key")?;
        let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if id.is_empty() || !id.chars().all(named) {
            return Err("has an id that is not made of letters, digits, \"_\", \".\" and \"-\"");
        }
        let key = base64::engine::general_purpose::STANDARD.decode(key).map_err(|_| "has a key that is not base64")?;
        if key.len() != ENCRYPTION_KEY_BYTES {
            return Err("has a key that is not 32 bytes long");
        }
        Ok(Self { id: id.to_owned(), key: key.into() })
    }
}

impl Variables<'_> {
    pub(super) fn encryption_keys(&mut self) -> Option<Vec<EncryptionKey>> {
        let name = "PROVISION_BOT_ENCRYPTION_KEYS";
        let Some(text) = self.get(name) else { return Some(Vec::new()) };
        let mut keys: Vec<EncryptionKey> = Vec::new();
        let before = self.problems.len();
        for (index, entry) in text.split(',').enumerate() {
            let problem = match EncryptionKey::parse(entry.trim()) {
                Ok(key) if keys.iter().any(|other| other.id == key.id) => "has the id of an earlier one",
                Ok(key) => {
                    keys.push(key);
                    continue;
                }
                Err(problem) => problem,
            };
            let number = index + 1;
            self.refuse::<()>(
                name,
                format!(
                    "entry {number} {problem}. Expected id:base64key[,id:base64key…] with keys of 32 bytes, made by: \
                     openssl rand -base64 32"
                ),
            );
        }
        (self.problems.len() == before).then_some(keys)
    }
}
