//! Where the secrets of a source are: a secret of Secrets Manager or a parameter of Systems Manager. Its text is one JSON
//! object with the names in the contract, `{"NAME": "value"}`. The settings never contain the values.

use regex_lite::Regex;

/// A secret or a parameter in the account and region of the deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSecret {
    /// `secretsmanager` or `ssm`.
    pub service: String,
    /// The last part of the ARN: `secret:<name>-<suffix>`, with the suffix of Secrets Manager, or `parameter/<path>`.
    pub resource: String,
    /// The region and the account in the ARN; a name has neither.
    pub place: Option<(String, String)>,
}

/// An ARN, or the name of a parameter (AWS Batch User Guide, "Specifying sensitive data"; Secrets Manager API Reference,
/// CreateSecret; Systems Manager API Reference, PutParameter). Other parts of a secret's ARN select one of its values.
const ARN: &str = "^arn:aws[a-z-]*:(secretsmanager|ssm):([a-z0-9-]+):([0-9]{12}):\
    (secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}|parameter/[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*)$";
const NAME: &str = "^(?:/[A-Za-z0-9_.-]+){2,}$";

impl SourceSecret {
    /// Parses the ARN of a secret or of a parameter, or the path of a parameter; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        if Regex::new(NAME).ok()?.is_match(text) {
            return Some(Self { service: "ssm".to_owned(), resource: format!("parameter{text}"), place: None });
        }
        let parts = Regex::new(ARN).ok()?.captures(text)?;
        let part = |index| parts.get(index).map_or("", |part: regex_lite::Match<'_>| part.as_str()).to_owned();
        let found = Self { service: part(1), resource: part(4), place: Some((part(2), part(3))) };
        ((found.service == "ssm") == found.resource.starts_with("parameter/")).then_some(found)
    }

    /// The name in Secrets Manager, with its suffix, or the path of the parameter without the first slash.
    pub fn name(&self) -> &str {
        self.resource.split_once([':', '/']).map_or("", |(_, name)| name)
    }

    /// Returns the action that reads it (AWS Batch User Guide, "Required IAM permissions for AWS Batch secrets").
    pub fn action(&self) -> &'static str {
        if self.service == "ssm" { "ssm:GetParameters" } else { "secretsmanager:GetSecretValue" }
    }

    pub fn arn(&self, partition: &str, region: &str, account: &str) -> String {
        format!("arn:{partition}:{}:{region}:{account}:{}", self.service, self.resource)
    }
}

#[cfg(test)]
#[path = "../../tests/unit/settings/source_secret.rs"]
mod tests;
