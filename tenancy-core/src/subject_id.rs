//! `SubjectId`, the name of the user or service that acts.

use crate::identifier::identifier;

identifier! {
    /// The identifier of whoever acts: the `sub` claim of [RFC 7519 §4.1.2], under the same rules as a
    /// [`TenantId`](crate::TenantId).
    ///
    /// [RFC 7519 §4.1.2]: https://www.rfc-editor.org/rfc/rfc7519#section-4.1.2
    SubjectId, "subject id"
}
