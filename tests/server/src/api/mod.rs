//! S3's operations over the store: each takes what it needs of the request, then does its work in one locked step.

mod convert;
mod lists;
mod objects;
mod sums;
mod uploads;

use std::sync::Arc;

use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, Bucket, BucketLocationConstraint, BucketVersioningStatus,
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CopyObjectInput, CopyObjectOutput, CreateBucketInput,
    CreateBucketOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput, DeleteBucketLifecycleInput,
    DeleteBucketLifecycleOutput, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput,
    GetBucketLifecycleConfigurationInput, GetBucketLifecycleConfigurationOutput, GetBucketLocationInput,
    GetBucketLocationOutput, GetBucketVersioningInput, GetBucketVersioningOutput, GetObjectInput, GetObjectOutput,
    HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListBucketsInput, ListBucketsOutput,
    ListMultipartUploadsInput, ListMultipartUploadsOutput, ListObjectVersionsInput, ListObjectVersionsOutput,
    ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output, ListPartsInput, ListPartsOutput,
    PutBucketLifecycleConfigurationInput, PutBucketLifecycleConfigurationOutput, PutBucketVersioningInput,
    PutBucketVersioningOutput, PutObjectInput, PutObjectOutput, UploadPartCopyInput, UploadPartCopyOutput,
    UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Request, S3Response, S3Result};

use crate::control::Control;
use crate::store::Versioning;
use convert::timestamp;

/// The operations; see S3's own reference for what each means.
pub(crate) struct Api {
    pub(crate) control: Control,
    pub(crate) region: Arc<str>,
}

fn answer<T>(output: T) -> S3Result<S3Response<T>> {
    Ok(S3Response::new(output))
}

#[async_trait::async_trait]
impl S3 for Api {
    async fn list_buckets(&self, _: S3Request<ListBucketsInput>) -> S3Result<S3Response<ListBucketsOutput>> {
        let state = self.control.state();
        let bucket = |(name, bucket): (&String, &crate::store::Bucket)| Bucket {
            name: Some(name.clone()),
            creation_date: Some(timestamp(bucket.created)),
            ..Bucket::default()
        };
        let buckets = Some(state.buckets.iter().map(bucket).collect());
        answer(ListBucketsOutput { buckets, ..ListBucketsOutput::default() })
    }

    async fn create_bucket(&self, r: S3Request<CreateBucketInput>) -> S3Result<S3Response<CreateBucketOutput>> {
        self.control.state().create_bucket(&r.input.bucket)?;
        answer(CreateBucketOutput { location: Some(format!("/{}", r.input.bucket)) })
    }

    async fn head_bucket(&self, r: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.control.state().bucket(&r.input.bucket)?;
        let bucket_region = Some(self.region.as_ref().to_owned());
        answer(HeadBucketOutput { bucket_region, ..HeadBucketOutput::default() })
    }

    async fn get_bucket_location(
        &self,
        r: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        self.control.state().bucket(&r.input.bucket)?;
        // S3's first region answers with nothing.
        let region = Some(&*self.region).filter(|region| *region != "us-east-1");
        let location_constraint = region.map(|region| BucketLocationConstraint::from(region.to_owned()));
        answer(GetBucketLocationOutput { location_constraint })
    }

    async fn get_bucket_versioning(
        &self,
        r: S3Request<GetBucketVersioningInput>,
    ) -> S3Result<S3Response<GetBucketVersioningOutput>> {
        let status = match self.control.state().bucket(&r.input.bucket)?.versioning {
            Versioning::Off => None,
            Versioning::Enabled => Some(BucketVersioningStatus::ENABLED),
            Versioning::Suspended => Some(BucketVersioningStatus::SUSPENDED),
        };
        let status = status.map(BucketVersioningStatus::from_static);
        answer(GetBucketVersioningOutput { status, ..GetBucketVersioningOutput::default() })
    }

    async fn put_bucket_versioning(
        &self,
        r: S3Request<PutBucketVersioningInput>,
    ) -> S3Result<S3Response<PutBucketVersioningOutput>> {
        let versioning = match r.input.versioning_configuration.status {
            Some(status) if status.as_str() == BucketVersioningStatus::ENABLED => Versioning::Enabled,
            Some(status) if status.as_str() == BucketVersioningStatus::SUSPENDED => Versioning::Suspended,
            _ => return Err(s3s::s3_error!(IllegalVersioningConfigurationException)),
        };
        self.control.state().bucket_mut(&r.input.bucket)?.versioning = versioning;
        answer(PutBucketVersioningOutput::default())
    }

    async fn get_bucket_lifecycle_configuration(
        &self,
        r: S3Request<GetBucketLifecycleConfigurationInput>,
    ) -> S3Result<S3Response<GetBucketLifecycleConfigurationOutput>> {
        let rules = self.control.state().bucket(&r.input.bucket)?.lifecycle.clone();
        if rules.is_empty() {
            return Err(s3s::s3_error!(NoSuchLifecycleConfiguration, "The lifecycle configuration does not exist"));
        }
        answer(GetBucketLifecycleConfigurationOutput {
            rules: Some(rules),
            ..GetBucketLifecycleConfigurationOutput::default()
        })
    }

    async fn put_bucket_lifecycle_configuration(
        &self,
        r: S3Request<PutBucketLifecycleConfigurationInput>,
    ) -> S3Result<S3Response<PutBucketLifecycleConfigurationOutput>> {
        let rules = r.input.lifecycle_configuration.map(|configuration| configuration.rules).unwrap_or_default();
        if rules.is_empty() {
            return Err(s3s::s3_error!(MalformedXML, "A lifecycle has a rule at least"));
        }
        self.control.state().bucket_mut(&r.input.bucket)?.lifecycle = rules;
        answer(PutBucketLifecycleConfigurationOutput::default())
    }

    async fn delete_bucket_lifecycle(
        &self,
        r: S3Request<DeleteBucketLifecycleInput>,
    ) -> S3Result<S3Response<DeleteBucketLifecycleOutput>> {
        self.control.state().bucket_mut(&r.input.bucket)?.lifecycle.clear();
        answer(DeleteBucketLifecycleOutput::default())
    }

    async fn get_object(&self, r: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        answer(self.get(&r.input)?)
    }

    async fn head_object(&self, r: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        answer(self.head(&r.input)?)
    }

    async fn put_object(&self, r: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        answer(self.put(r).await?)
    }

    async fn copy_object(&self, r: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        answer(self.copy(r)?)
    }

    async fn delete_object(&self, r: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        answer(self.delete(r.input)?)
    }

    async fn delete_objects(&self, r: S3Request<DeleteObjectsInput>) -> S3Result<S3Response<DeleteObjectsOutput>> {
        answer(self.delete_many(r.input)?)
    }

    async fn list_objects_v2(&self, r: S3Request<ListObjectsV2Input>) -> S3Result<S3Response<ListObjectsV2Output>> {
        answer(self.list(r.input)?)
    }

    async fn list_objects(&self, r: S3Request<ListObjectsInput>) -> S3Result<S3Response<ListObjectsOutput>> {
        answer(self.list_by_markers(r.input)?)
    }

    async fn list_object_versions(
        &self,
        r: S3Request<ListObjectVersionsInput>,
    ) -> S3Result<S3Response<ListObjectVersionsOutput>> {
        answer(self.list_versions(&r.input)?)
    }

    async fn list_multipart_uploads(
        &self,
        r: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        answer(self.list_uploads(&r.input)?)
    }

    async fn list_parts(&self, r: S3Request<ListPartsInput>) -> S3Result<S3Response<ListPartsOutput>> {
        answer(self.parts(r.input)?)
    }

    async fn create_multipart_upload(
        &self,
        r: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        answer(self.begin_upload(r.input)?)
    }

    async fn upload_part(&self, r: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        answer(self.put_part(r).await?)
    }

    async fn upload_part_copy(&self, r: S3Request<UploadPartCopyInput>) -> S3Result<S3Response<UploadPartCopyOutput>> {
        answer(self.copy_part(&r.input)?)
    }

    async fn complete_multipart_upload(
        &self,
        r: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        answer(self.complete_upload(r.input)?)
    }

    async fn abort_multipart_upload(
        &self,
        r: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        self.control.state().abort_upload((&r.input.bucket, &r.input.key, &r.input.upload_id))?;
        answer(AbortMultipartUploadOutput::default())
    }
}
