"""Faster R-CNN, part by part: boxes, suppression, RoI pooling, proposals, the network, its losses, and its score."""

from mlcourse.models.detection.boxes import (
    anchor_shapes,
    box_iou,
    clip_boxes,
    decode_boxes,
    encode_boxes,
    grid_anchors,
)
from mlcourse.models.detection.faster_rcnn import FasterRCNN
from mlcourse.models.detection.learning import detect, detection_map, train_detector
from mlcourse.models.detection.losses import detection_losses
from mlcourse.models.detection.networks import faster_rcnn_vgg16, pretrained_faster_rcnn, small_faster_rcnn
from mlcourse.models.detection.nms import class_nms, nms
from mlcourse.models.detection.roi_pool import roi_pool
from mlcourse.models.detection.rpn import RegionProposalNetwork
from mlcourse.models.detection.vgg import load_vgg16
from mlcourse.models.detection.voc_map import average_precision, precision_recall, voc_map

__all__ = [
    "FasterRCNN",
    "RegionProposalNetwork",
    "anchor_shapes",
    "average_precision",
    "box_iou",
    "class_nms",
    "clip_boxes",
    "decode_boxes",
    "detect",
    "detection_losses",
    "detection_map",
    "encode_boxes",
    "faster_rcnn_vgg16",
    "grid_anchors",
    "load_vgg16",
    "nms",
    "precision_recall",
    "pretrained_faster_rcnn",
    "roi_pool",
    "small_faster_rcnn",
    "train_detector",
    "voc_map",
]
