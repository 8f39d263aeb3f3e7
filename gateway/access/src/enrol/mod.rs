//! Self-provisioning: the wizard between "you need an authenticator" and the first passcode.
