//! Errors of the APIs, and the parameters of a request.

use serde_json::{Map, Value, json};

use crate::rules::Refusal;

/// An error response of protocol JSON 1.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    /// The name of the exception.
    pub(crate) code: String,
    pub(crate) message: String,
    /// The id of the rule, if one is the reason.
    pub(crate) rule: Option<&'static str>,
    /// `ResourceId`, of a missing resource.
    resource: Option<String>,
}

impl ApiError {
    /// A request that the service does not accept.
    pub(crate) fn bad_request(code: &str, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.to_owned(), message: message.into(), rule: None, resource: None }
    }

    /// A parameter that the service does not accept.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::bad_request("ValidationException", message)
    }

    /// A caller that is not authenticated.
    pub(crate) fn forbidden(code: &str, message: impl Into<String>) -> Self {
        Self { status: 403, ..Self::bad_request(code, message) }
    }

    /// A resource that does not exist.
    pub(crate) fn not_found(message: impl Into<String>, resource: &str) -> Self {
        Self { resource: Some(resource.to_owned()), ..Self::bad_request("ResourceNotFoundException", message) }
    }

    /// The body of the response.
    pub(crate) fn body(&self) -> Value {
        let mut body = json!({ "__type": self.code, "message": self.message });
        if let Some(resource) = &self.resource {
            body["ResourceId"] = json!(resource);
        }
        body
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self { rule: Some(refusal.rule), ..Self::validation(refusal.to_string()) }
    }
}

/// The parameters of a request. Any still unread when the request is processed are refused by name.
#[derive(Clone, Debug)]
pub(crate) struct Parameters {
    operation: String,
    values: Map<String, Value>,
}

impl Parameters {
    pub(crate) fn of(operation: &str, body: Value) -> Result<Self, ApiError> {
        match body {
            Value::Object(values) => Ok(Self { operation: operation.to_owned(), values }),
            _ => Err(ApiError::bad_request("SerializationException", "the body is not a JSON object")),
        }
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        match self.values.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong_type(name, "a string")),
        }
    }

    /// A text that the service requires.
    pub(crate) fn required(&mut self, name: &str) -> Result<String, ApiError> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    /// A list of texts that the service requires.
    pub(crate) fn texts(&mut self, name: &str) -> Result<Vec<String>, ApiError> {
        let list = self.values.remove(name).ok_or_else(|| missing(name))?;
        let Value::Array(list) = list else { return Err(wrong_type(name, "a list")) };
        let text = |value: Value| match value {
            Value::String(text) => Ok(text),
            _ => Err(wrong_type(name, "a list of strings")),
        };
        list.into_iter().map(text).collect()
    }

    /// A list of texts, if it is given.
    pub(crate) fn optional_texts(&mut self, name: &str) -> Result<Option<Vec<String>>, ApiError> {
        if self.values.contains_key(name) { self.texts(name).map(Some) } else { Ok(None) }
    }

    /// Whether an option is on.
    pub(crate) fn boolean(&mut self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.values.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_bool().map(Some).ok_or_else(|| wrong_type(name, "a Boolean")),
        }
    }

    /// Accepts parameters that have no effect in the emulator.
    pub(crate) fn skip(&mut self, names: &[&str]) {
        for name in names {
            self.values.remove(*name);
        }
    }

    /// A whole number.
    pub(crate) fn integer(&mut self, name: &str) -> Result<Option<i64>, ApiError> {
        match self.values.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_i64().map(Some).ok_or_else(|| wrong_type(name, "an integer")),
        }
    }

    /// Accepts a parameter only with this value, its default.
    pub(crate) fn only(&mut self, name: &str, value: &Value) -> Result<(), ApiError> {
        match self.values.remove(name) {
            Some(other) if other != *value => Err(ApiError::validation(format!(
                "the emulator supports only {value} for the parameter `{name}` of {}, not {other}",
                self.operation
            ))),
            _ => Ok(()),
        }
    }

    /// Refuses parameters that were not read.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        match self.values.keys().next() {
            None => Ok(()),
            Some(name) => {
                let message = format!("the emulator does not know the parameter `{name}` of {}", self.operation);
                Err(ApiError::validation(message))
            }
        }
    }
}

fn missing(name: &str) -> ApiError {
    let message =
        format!("1 validation error detected: Value at '{name}' failed to satisfy constraint: Member must not be null");
    ApiError::validation(message)
}

fn wrong_type(name: &str, expected: &str) -> ApiError {
    ApiError::bad_request("SerializationException", format!("`{name}` must be {expected}"))
}
