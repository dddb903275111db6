//! The S3 operations that the server knows, by name.

/// Declares [`Op`] and the table of its names in one place.
macro_rules! operations {
    ($($name:ident),* $(,)?) => {
        /// An S3 operation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "S3's own names say what they are")]
        #[non_exhaustive]
        pub enum Op { $($name),* }

        impl Op {
            /// Every operation.
            pub const ALL: &[Op] = &[$(Op::$name),*];

            /// The name that S3 gives it.
            pub const fn name(self) -> &'static str {
                match self { $(Op::$name => stringify!($name)),* }
            }
        }
    };
}

operations! {
    AbortMultipartUpload,
    CompleteMultipartUpload,
    CopyObject,
    CreateBucket,
    CreateMultipartUpload,
    DeleteBucketLifecycle,
    DeleteObject,
    DeleteObjects,
    GetBucketLifecycleConfiguration,
    GetBucketLocation,
    GetBucketVersioning,
    GetObject,
    HeadBucket,
    HeadObject,
    ListBuckets,
    ListMultipartUploads,
    ListObjects,
    ListObjectVersions,
    ListObjectsV2,
    ListParts,
    PutBucketLifecycleConfiguration,
    PutBucketVersioning,
    PutObject,
    UploadPart,
    UploadPartCopy,
}

impl Op {
    /// The operation of that name; `None` for one that the server does not know.
    pub fn parse(name: &str) -> Option<Op> {
        Op::ALL.iter().copied().find(|op| op.name() == name)
    }
}

impl std::fmt::Display for Op {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
